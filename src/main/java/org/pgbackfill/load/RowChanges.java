package org.pgbackfill.load;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * Changes of rows that are there, in two statements: a plain read that compares and takes no lock,
 * and one that locks those that differ in key order, compares again under the lock, and updates
 * them. What does not differ is neither locked nor written. Immutable and safe between threads.
 *
 * <p>Values compare as the column's type writes them as text, json as jsonb does: a timestamp in
 * another zone is the same one, and {@code 1.0} in a document is not {@code 1}.
 */
final class RowChanges {
  /** In which order rows are locked. */
  enum Order {
    /** By the lock order, as every other statement. */
    KEY,
    /** As the records came, so that tests can show what the other one is for. */
    ARRIVAL
  }

  /**
   * How a record finds its row.
   *
   * @param values of the record, one for each part of the key
   * @param condition on the row {@code c} and the parts {@code r.key_0}, {@code r.key_1}
   * @param order of the rows {@code c}, over the whole key
   */
  record Key(List<Function<Row, String>> values, String condition, String order) {
    Key {
      values = List.copyOf(values);
    }
  }

  /**
   * A row that is there, as it compares with a record.
   *
   * @param found the row
   * @param differs the indexes of the fields that the record alone would change; not to be changed
   */
  record Compared(TargetTable.Found found, BitSet differs) {}

  /**
   * What a field is to be.
   *
   * @param text null for NULL
   * @param given false where the field stays
   */
  record Value(String text, boolean given) {
    static final Value NONE = new Value(null, false);
  }

  /**
   * What is to be written.
   *
   * @param row of a record with the key
   * @param values one for each field
   */
  record Change(Row row, List<Value> values) {
    Change {
      values = List.copyOf(values);
    }
  }

  private final Key key;
  private final ChangeFields fields;
  private final String compare;
  private final String update;

  private RowChanges(Key key, ChangeFields fields, String table, String touch, Order order) {
    this.key = key;
    this.fields = fields;
    this.compare = compareSql(table);
    this.update = updateSql(table, touch, order);
  }

  /**
   * For a target that changes rows.
   *
   * @param catalog of its table
   * @return null for one that keeps them as they are
   */
  static RowChanges of(Target target, Catalog catalog, Key key, Order order) {
    if (target.onExisting() == OnExisting.KEEP) {
      return null;
    }
    if (catalog.isView()) {
      throw new LoadException(
          catalog.name() + " is a view, whose rows can't be locked in order; name the table", null);
    }
    Map<String, ?> columns = catalog.columns();
    String touch = columns.containsKey("updated_at") ? ",\n    \"updated_at\" = now()" : "";
    return new RowChanges(key, ChangeFields.of(target, catalog), catalog.name(), touch, order);
  }

  private String compareSql(String table) {
    return """
    SELECT r.ordinal_, t.id, t.transaction_, t.differs_
    FROM %s
    -- LIMIT 1 keeps it one look into the index for each key
    CROSS JOIN LATERAL (SELECT c.id, c.xmin::text::bigint AS transaction_, concat(%s) AS differs_
                        FROM %s c WHERE %s LIMIT 1) t
    """
        .formatted(input(), differences(", "), table, key.condition());
  }

  /**
   * Rows are sorted, then locked one by one, then updated as they come: nothing is held that is
   * larger than what is waited for.
   */
  private String updateSql(String table, String touch, Order order) {
    return """
    WITH locked AS MATERIALIZED (
      SELECT c.id AS id_, r.*
      FROM %s JOIN %s c ON %s
      WHERE %s
      ORDER BY %s
      FOR NO KEY UPDATE OF c
    )
    UPDATE %2$s c SET %s%s
    FROM locked r
    WHERE c.id = r.id_
    RETURNING r.ordinal_
    """
        .formatted(
            input(),
            table,
            key.condition(),
            differences(" OR "),
            order == Order.KEY ? key.order() : "r.ordinal_",
            IntStream.range(0, fields.size())
                .mapToObj(f -> TargetTable.quoted(fields.get(f).name()) + " = " + changed(f))
                .collect(Collectors.joining(",\n    ")),
            touch);
  }

  private String input() {
    List<String> names = new ArrayList<>();
    IntStream.range(0, key.values().size()).forEach(k -> names.add("key_" + k));
    for (int f = 0; f < fields.size(); f++) {
      names.add("value_" + f);
      names.add("given_" + f);
    }
    return "unnest("
        + names.stream().map(name -> "?::text[]").collect(Collectors.joining(", "))
        + ") WITH ORDINALITY AS r ("
        + String.join(", ", names)
        + ", ordinal_)";
  }

  private String changed(int f) {
    String value = "r.value_" + f + "::" + fields.get(f).type();
    String old = old(f);
    return fields.mode() == OnExisting.FILL
        ? "coalesce(" + old + ", " + value + ")"
        : "CASE WHEN r.given_" + f + "::boolean THEN " + value + " ELSE " + old + " END";
  }

  private String old(int f) {
    return "c." + TargetTable.quoted(fields.get(f).name());
  }

  private String differences(String between) {
    return IntStream.range(0, fields.size())
        .mapToObj(this::difference)
        .collect(Collectors.joining(between));
  }

  private String difference(int f) {
    if (fields.mode() == OnExisting.FILL) {
      return "(" + old(f) + " IS NULL AND r.given_" + f + "::boolean)";
    }
    String type = fields.get(f).type();
    String shown = type.equals("json") ? "::jsonb::text" : "::text";
    return "(r.given_%1$d::boolean AND r.value_%1$d::%2$s%3$s COLLATE \"C\" IS DISTINCT FROM %4$s%3$s)"
        .formatted(f, type, shown, old(f));
  }

  ChangeFields fields() {
    return fields;
  }

  /** A change by one record alone. */
  private Change change(Row row) {
    List<Value> values = new ArrayList<>(fields.size());
    for (int f = 0; f < fields.size(); f++) {
      values.add(fields.gives(row, f) ? new Value(fields.text(row, f), true) : Value.NONE);
    }
    return new Change(row, values);
  }

  /**
   * Compares by a plain read: no lock is taken and none is waited for.
   *
   * @return one for each row, in order; null where there is none
   */
  Compared[] compare(Connection connection, List<Row> rows) throws SQLException {
    Compared[] compared = new Compared[rows.size()];
    if (rows.isEmpty()) {
      return compared;
    }
    try (PreparedStatement statement = connection.prepareStatement(compare)) {
      bind(connection, statement, rows.stream().map(this::change).toList());
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          compared[result.getInt(1) - 1] =
              new Compared(
                  new TargetTable.Found(result.getObject(2, UUID.class), result.getLong(3)),
                  flags(result.getString(4)));
        }
      }
    }
    return compared;
  }

  private static BitSet flags(String text) {
    BitSet flags = new BitSet(text.length());
    for (int i = 0; i < text.length(); i++) {
      flags.set(i, text.charAt(i) == 't');
    }
    return flags;
  }

  /**
   * Locks in key order what still differs, and changes it.
   *
   * @param changes no row twice
   * @return the indexes of those that were made
   */
  Set<Integer> update(Connection connection, List<Change> changes) throws SQLException {
    Set<Integer> made = new HashSet<>();
    try (PreparedStatement statement = connection.prepareStatement(update)) {
      bind(connection, statement, changes);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          made.add(result.getInt(1) - 1);
        }
      }
    }
    return made;
  }

  /** Has the server plan the update: a right that is missing shows before the first record. */
  void plan(Connection connection) throws SQLException {
    try (PreparedStatement explain = connection.prepareStatement("EXPLAIN " + update)) {
      bind(connection, explain, List.of());
      explain.execute();
    }
  }

  private void bind(Connection connection, PreparedStatement statement, List<Change> changes)
      throws SQLException {
    int at = 1;
    for (Function<Row, String> part : key.values()) {
      statement.setArray(at++, array(connection, changes, change -> part.apply(change.row())));
    }
    for (int f = 0; f < fields.size(); f++) {
      int field = f;
      statement.setArray(
          at++, array(connection, changes, change -> change.values().get(field).text()));
      statement.setArray(
          at++,
          array(connection, changes, change -> change.values().get(field).given() ? "t" : "f"));
    }
  }

  private static Array array(
      Connection connection, List<Change> changes, Function<Change, String> value)
      throws SQLException {
    return TargetTable.texts(connection, changes.stream().map(value).toArray(String[]::new));
  }
}
