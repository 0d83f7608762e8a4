package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgbackfill.target.Column;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * Compares records with the rows that stand for them, by plain reads: one look into an index for
 * each record, so that records in key order read neighbouring pages, and other rows are not read.
 * Immutable and safe between threads.
 *
 * <p>The server compares, by the meaning of a column's type: points in time as such, JSON as
 * values, text character by character. What the record itself leaves empty is not compared.
 *
 * <p>Where records may have changed rows that were there, only what they may change is compared:
 * whether a load would still find something to do. With {@link OnExisting#FILL} no column is NULL
 * for which there is a value; with {@link OnExisting#OVERWRITE} an empty field stands for NULL.
 */
public final class RowComparison {
  /**
   * What there is of a record.
   *
   * @param kind in one word
   * @param id the row's; null where there is none
   * @param differences by column; empty unless the kind is {@link Kind#DIFFERING}
   * @param reason why the server can't compare; null unless the kind is {@link Kind#REFUSED}
   */
  public record Answer(Kind kind, UUID id, List<Difference> differences, String reason) {
    /** Copies the list. */
    public Answer {
      differences = List.copyOf(differences);
    }

    private static Answer of(Kind kind, UUID id) {
      return new Answer(kind, id, List.of(), null);
    }
  }

  /** What can be said of a record. */
  public enum Kind {
    /** There is a row, and it has all that the record gives. */
    PRESENT,
    /** There is a row, and it has other values. */
    DIFFERING,
    /** The job is there, and a worker has finished it since. */
    FINISHED,
    /** There is no row. */
    MISSING,
    /** The server can't read the record's values, so that no row can have them. */
    REFUSED
  }

  /**
   * One column that differs.
   *
   * @param column its name
   * @param expected as the export has it; empty for NULL
   * @param found as the table has it, points in time in UTC; null for NULL
   */
  public record Difference(String column, String expected, String found) {}

  /** Which ids rows are looked for by. */
  public enum Ids {
    /** Those that the export brings. */
    GIVEN,
    /** Those that the run has given as well: a row has one or the other. */
    GIVEN_OR_DERIVED
  }

  /** What stands for NULL where an empty field means that; no record has it as a value. */
  private static final String NULL = "";

  private static final String ACTIVE_KEY =
      "c.unique_key = k.k%d AND c.unique_key IS NOT NULL"
          + " AND c.state NOT IN ('succeeded', 'failed')";

  /** Found texts of points in time are shown in one zone. */
  private static final String SETTINGS = "SELECT set_config('TimeZone', 'UTC', true)";

  /** No index has the keys of finished jobs: the whole table is read once, in whatever way. */
  private static final String SCAN_SETTINGS =
      """
      SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
             set_config('enable_nestloop', 'off', true)
      """;

  private final Database database;
  private final Target target;
  private final Ids ids;
  private final Retries retries;
  private final String who;
  private final String name;

  /** Null where rows that are there stay as they are. */
  private final ChangeFields fields;

  private final int[] compared;
  private final String byKey;

  /** Null for contacts: their key does not change. */
  private final String byId;

  private final String finished;

  private RowComparison(
      Database database, Target target, Catalog catalog, Ids ids, Retries retries, String who) {
    this.database = database;
    this.target = target;
    this.ids = ids;
    this.retries = retries;
    this.who = who;
    this.name = catalog.name();
    this.fields = target.onExisting() == OnExisting.KEEP ? null : ChangeFields.of(target, catalog);
    this.compared = compared(catalog);
    if (target instanceof JobsTarget) {
      int key = position("unique_key");
      this.byKey = sql(catalog, ACTIVE_KEY.formatted(key));
      this.byId = sql(catalog, "c.id = k.k0::uuid");
      this.finished =
          """
          SELECT k.ordinal_, max(c.id::text)::uuid
          FROM %s c JOIN unnest(?::text[]) WITH ORDINALITY AS k (key_, ordinal_) ON c.unique_key = k.key_
          WHERE c.state IN ('succeeded', 'failed')
          GROUP BY k.ordinal_
          """
              .formatted(name);
    } else {
      this.byKey =
          sql(
              catalog,
              "c.link_id = k.k%d::uuid AND c.email_address = k.k%d::%s"
                  .formatted(
                      position("link_id"),
                      position("email_address"),
                      catalog.columns().get("email_address").type()));
      this.byId = null;
      this.finished = null;
    }
  }

  /** The columns that an export names, or of these the key's and those that it may change. */
  private int[] compared(Catalog catalog) {
    List<Column> columns = target.columns();
    IntStream all =
        target.onExisting() == OnExisting.KEEP
            ? IntStream.range(0, columns.size())
                .filter(c -> c == 0 || columns.get(c).presence() == Column.Presence.GIVEN)
            : IntStream.concat(
                IntStream.of(position("link_id"), position("email_address")),
                target.changeable().stream().mapToInt(Integer::intValue));
    int[] positions = all.toArray();
    for (int c : positions) {
      var unused = catalog.column(columns.get(c).name());
    }
    return positions;
  }

  private int position(String column) {
    return IntStream.range(0, target.columns().size())
        .filter(c -> target.columns().get(c).name().equals(column))
        .findFirst()
        .orElseThrow();
  }

  private String sql(Catalog catalog, String condition) {
    String arrays =
        IntStream.of(compared).mapToObj(c -> "?::text[]").collect(Collectors.joining(", "));
    String names = IntStream.of(compared).mapToObj(c -> "k" + c).collect(Collectors.joining(", "));
    String values =
        IntStream.of(compared)
            .mapToObj(c -> comparison(c, catalog))
            .collect(Collectors.joining(",\n       "));
    String isFinished =
        target instanceof JobsTarget ? "c.state IN ('succeeded', 'failed')" : "false";
    return """
    SELECT k.ordinal_, t.*
    FROM unnest(%s) WITH ORDINALITY AS k (%s, ordinal_)
    -- LIMIT 1 keeps it one look into the index for each record
    CROSS JOIN LATERAL (
       SELECT c.id, %s,
       %s
       FROM %s c WHERE %s LIMIT 1) t
    """
        .formatted(arrays, names, isFinished, values, catalog.name(), condition);
  }

  /** Whether a column differs, and what it has where it does. */
  private String comparison(int position, Catalog catalog) {
    String column = "c." + TargetTable.quoted(target.columns().get(position).name());
    String type = catalog.columns().get(target.columns().get(position).name()).type();
    String given = "k.k" + position;
    String value =
        target.onExisting() == OnExisting.OVERWRITE
            ? "nullif(" + given + ", '" + NULL + "')"
            : given;
    String differs =
        switch (type) {
          case "json", "jsonb" -> column + "::jsonb IS DISTINCT FROM " + value + "::jsonb";
          // exactly, whatever the column's collation takes for the same
          case "text", "character varying", "citext" ->
              column + "::text COLLATE \"C\" IS DISTINCT FROM " + value + " COLLATE \"C\"";
          default -> column + " IS DISTINCT FROM " + value + "::" + type;
        };
    boolean fills = target.onExisting() == OnExisting.FILL;
    String condition = given + " IS NOT NULL AND " + (fills ? column + " IS NULL" : differs);
    return condition + ", CASE WHEN " + condition + " THEN " + column + "::text END";
  }

  /**
   * Reads the catalog, and asks the server to plan a comparison: a missing table, column or right
   * shows before the first record.
   *
   * @param database where the table is
   * @param target what the export is
   * @param ids by which jobs are looked for
   * @param retries counts, and gives up
   * @param who as a DBA sees it
   * @return for the table
   * @throws LoadException when the table can't be read; says what to do
   */
  public static RowComparison inspect(
      Database database, Target target, Ids ids, Retries retries, String who) {
    try (Connection connection = database.begin(who)) {
      Catalog catalog = Catalog.read(connection, target, database.spec());
      RowComparison comparison = new RowComparison(database, target, catalog, ids, retries, who);
      try (PreparedStatement explain = connection.prepareStatement("EXPLAIN " + comparison.byKey)) {
        comparison.bind(connection, explain, List.of(), false);
        explain.execute();
      }
      return comparison;
    } catch (SQLException e) {
      String next =
          "42501".equals(e.getSQLState())
              ? "; GRANT SELECT ON "
                  + target.table()
                  + " (and USAGE on its schema) TO "
                  + TargetTable.quoted(database.spec().user())
              : "";
      throw new LoadException(
          "table " + target.table() + " can't be read: " + Messages.of(e) + next, e);
    }
  }

  /**
   * The table's full name.
   *
   * @return schema-qualified, quoted as SQL wants it
   */
  public String name() {
    return name;
  }

  /**
   * What two records of one key come to.
   *
   * @param before the first one, or what some come to
   * @param next the one behind it
   * @return for {@link #compare}, in the place of the last one that counts; where rows stay as they
   *     are the first one
   */
  public Row both(Row before, Row next) {
    if (fields == null) {
      return before;
    }
    boolean fills = target.onExisting() == OnExisting.FILL;
    String[] values = new String[target.columns().size()];
    for (int c = 1; c < values.length; c++) {
      values[c] = before.value(c);
    }
    Row teller = before;
    for (int column : target.changeable()) {
      String earlier = expected(before, column);
      String later = expected(next, column);
      if (later != null && (earlier == null || !fills)) {
        values[column] = later;
        teller = next;
      } else {
        values[column] = earlier;
      }
    }
    return teller.with(values);
  }

  /**
   * Compares.
   *
   * @param rows in key order, so that the index is read in its order
   * @return one for each row, in order
   * @throws LoadException when the server can't answer
   * @throws Retries.Stopped when the run stops while this waits to try again
   */
  public List<Answer> compare(List<Row> rows) {
    try {
      return retries.run(
          who,
          rows.size() == 1 ? Retries.Worth.CANCELLED : Retries.Worth.TRANSIENT,
          again -> ask(rows));
    } catch (SQLException e) {
      Fault fault = Fault.of(e);
      if (rows.size() > 1 && (fault == Fault.DATA || fault == Fault.TIMEOUT)) {
        List<Answer> answers = new ArrayList<>(compare(rows.subList(0, rows.size() / 2)));
        answers.addAll(compare(rows.subList(rows.size() / 2, rows.size())));
        return answers;
      }
      if (fault == Fault.DATA) {
        return List.of(new Answer(Kind.REFUSED, null, List.of(), Messages.of(e)));
      }
      throw new LoadException(who + ": " + Messages.of(e), e);
    }
  }

  private List<Answer> ask(List<Row> rows) throws SQLException {
    Answer[] answers = new Answer[rows.size()];
    try (Connection connection = database.begin(who)) {
      set(connection, SETTINGS);
      if (byId != null) {
        look(connection, byId, rows, row -> row.idGiven() || ids == Ids.GIVEN_OR_DERIVED, answers);
      }
      look(connection, byKey, rows, Row::keyed, answers);
    }
    for (int i = 0; i < answers.length; i++) {
      answers[i] = answers[i] == null ? Answer.of(Kind.MISSING, null) : answers[i];
    }
    return Arrays.asList(answers);
  }

  private static void set(Connection connection, String sql) throws SQLException {
    try (PreparedStatement settings = connection.prepareStatement(sql)) {
      settings.execute();
    }
  }

  /** Answers for those that have no answer yet. */
  private void look(
      Connection connection, String sql, List<Row> rows, Predicate<Row> asked, Answer[] answers)
      throws SQLException {
    int[] positions =
        IntStream.range(0, rows.size())
            .filter(i -> answers[i] == null && asked.test(rows.get(i)))
            .toArray();
    if (positions.length == 0) {
      return;
    }
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      List<Row> some = IntStream.of(positions).mapToObj(rows::get).toList();
      bind(connection, statement, some, sql.equals(byId));
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          int position = positions[(int) result.getLong(1) - 1];
          answers[position] = answer(rows.get(position), result);
        }
      }
    }
  }

  private void bind(
      Connection connection, PreparedStatement statement, List<Row> rows, boolean looksById)
      throws SQLException {
    for (int i = 0; i < compared.length; i++) {
      int column = compared[i];
      String[] values =
          rows.stream()
              .map(row -> column == 0 && looksById ? row.value(column) : expected(row, column))
              .toArray(String[]::new);
      statement.setArray(i + 1, TargetTable.texts(connection, values));
    }
  }

  /** What a column should have by a record; null where it says nothing. */
  private String expected(Row row, int column) {
    int f = fields == null ? -1 : target.changeable().indexOf(column);
    if (f < 0) {
      return target.isGiven(row, column) ? row.value(column) : null;
    }
    return row.value(column) == null && fields.gives(row, f) ? NULL : row.value(column);
  }

  private Answer answer(Row row, ResultSet result) throws SQLException {
    UUID id = result.getObject(2, UUID.class);
    boolean isFinished = result.getBoolean(3);
    if (isFinished && !JobsTarget.isFinished(row)) {
      return Answer.of(Kind.FINISHED, id); // the worker has changed more than the state
    }
    List<Difference> differences = new ArrayList<>();
    for (int i = 0; i < compared.length; i++) {
      if (result.getBoolean(4 + 2 * i)) {
        differences.add(
            new Difference(
                target.columns().get(compared[i]).name(),
                expected(row, compared[i]),
                result.getString(5 + 2 * i)));
      }
    }
    return differences.isEmpty()
        ? Answer.of(Kind.PRESENT, id)
        : new Answer(Kind.DIFFERING, id, differences, null);
  }

  /**
   * Looks for finished jobs with the unique keys of jobs that are not there any more. Reads the
   * whole table: no index has these keys.
   *
   * @param rows of jobs with unique keys
   * @return for each row, in order, whether it is {@link Kind#FINISHED} or {@link Kind#MISSING}
   * @throws LoadException when the server can't answer
   * @throws Retries.Stopped when the run stops while this waits to try again
   */
  public List<Answer> lookForFinished(List<Row> rows) {
    return retries.ask(
        who, () -> askForFinished(rows), e -> new LoadException(who + ": " + Messages.of(e), e));
  }

  private List<Answer> askForFinished(List<Row> rows) throws SQLException {
    List<Answer> answers = new ArrayList<>();
    rows.forEach(row -> answers.add(Answer.of(Kind.MISSING, null)));
    try (Connection connection = database.begin(who)) {
      set(connection, SCAN_SETTINGS);
      try (PreparedStatement statement = connection.prepareStatement(finished)) {
        statement.setArray(
            1,
            TargetTable.texts(connection, rows.stream().map(Row::keyText).toArray(String[]::new)));
        try (ResultSet result = statement.executeQuery()) {
          while (result.next()) {
            answers.set(
                (int) result.getLong(1) - 1,
                Answer.of(Kind.FINISHED, result.getObject(2, UUID.class)));
          }
        }
      }
    }
    return answers;
  }
}
