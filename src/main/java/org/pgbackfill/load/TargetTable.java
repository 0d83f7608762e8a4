package org.pgbackfill.load;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgbackfill.target.Column;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.JobUpdatesTarget;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;
import org.pgbackfill.target.Target;

/**
 * A target's table as the catalog describes it, and the statements that a load needs: a probe that
 * takes no lock, an insert that leaves existing rows alone, and where rows that are there are to
 * change {@link RowChanges}. Immutable and safe between threads.
 */
public abstract sealed class TargetTable permits ContactsTable, JobsTable, JobUpdatesTable {
  /**
   * A row that the probe found.
   *
   * @param id its primary key
   * @param transaction the low 32 bits of the transaction that wrote this version; 0 where nobody
   *     needs to know
   */
  record Found(UUID id, long transaction) {}

  /** What a probe asks for. */
  enum Probe {
    /** The first time: what was there before. */
    FIRST,
    /**
     * Something may be in from an attempt whose end is not known: ask for this run's own ids as
     * well.
     */
    AGAIN
  }

  private final Target target;
  private final String name;
  private final String insert;
  private final int[] written;
  private final BinaryCopy copy;
  private final boolean isView;
  private final boolean idsGiven;
  private final RowChanges changes;

  /**
   * Fits the target to its table.
   *
   * @param arbiter what the insert's ON CONFLICT names; null where nothing is inserted
   * @param key how a record finds a row that it may change
   * @param order in which such rows are locked
   */
  TargetTable(
      Target target, Catalog catalog, String arbiter, RowChanges.Key key, RowChanges.Order order) {
    this.target = target;
    this.name = catalog.name();
    this.isView = catalog.isView();
    this.idsGiven = target.columns().get(0).presence() == Column.Presence.GIVEN;
    if (idsGiven && arbiter != null && catalog.isView()) {
      // A view has no xmin, by which rows with ids from outside are known as this run's.
      throw new LoadException(
          name
              + " is a view, which doesn't tell this run's rows from others' when the export brings"
              + " ids; name the table behind it",
          null);
    }
    List<Integer> positions = new ArrayList<>();
    for (int c = 0; c < target.columns().size(); c++) {
      Column column = target.columns().get(c);
      if (catalog.columns().containsKey(column.name())) {
        positions.add(c);
      } else if (column.presence() == Column.Presence.GIVEN || c == 0) {
        throw catalog.missing(column.name());
      }
    }
    this.written = positions.stream().mapToInt(Integer::intValue).toArray();
    this.changes = RowChanges.of(target, catalog, key, order);
    if (arbiter == null) {
      this.insert = null;
      this.copy = null;
      return;
    }
    this.insert =
        insertSql(catalog, positions.stream().map(c -> target.columns().get(c)).toList(), arbiter);
    this.copy =
        catalog.takesCopy()
            ? BinaryCopy.of(
                catalog.name(), positions.stream().map(c -> field(c, target, catalog)).toList())
            : null;
  }

  /** Refuses a table that lacks the column. */
  static void requireColumn(Column column, Catalog catalog) {
    if (!catalog.columns().containsKey(column.name())) {
      throw new LoadException(
          "table "
              + catalog.name()
              + " has no column "
              + column.name()
              + "; found "
              + catalog.columns().keySet(),
          null);
    }
  }

  private static BinaryCopy.Field field(int position, Target target, Catalog catalog) {
    Column column = target.columns().get(position);
    Catalog.TableColumn there = catalog.columns().get(column.name());
    boolean hasDefault = position > 0 && there.defaultSql() != null;
    String fallback = hasDefault ? there.defaultSql() : column.fallback();
    return new BinaryCopy.Field(
        position, column.name(), there.type(), BinaryCopy.Empty.of(hasDefault, fallback));
  }

  /**
   * Rows go in by the order of the arrays, which is the lock order; DO NOTHING leaves what is there
   * alone.
   */
  private static String insertSql(Catalog catalog, List<Column> columns, String arbiter) {
    String names = columns.stream().map(c -> quoted(c.name())).collect(Collectors.joining(", "));
    String values =
        columns.stream().map(c -> valueSql(c, catalog)).collect(Collectors.joining(",\n       "));
    String arrays = columns.stream().map(c -> "?::text[]").collect(Collectors.joining(", "));
    return """
    INSERT INTO %s (%s)
    SELECT %s
    FROM unnest(%s) WITH ORDINALITY AS r (%s, ordinal_)
    ORDER BY r.ordinal_  -- the lock order, whatever the planner would like
    ON CONFLICT %s DO NOTHING
    RETURNING id
    """
        .formatted(catalog.name(), names, values, arrays, names, arbiter);
  }

  private static String valueSql(Column column, Catalog catalog) {
    Catalog.TableColumn there = catalog.columns().get(column.name());
    String value = "r." + quoted(column.name()) + "::" + there.type();
    String fallback = there.defaultSql() != null ? there.defaultSql() : column.fallback();
    return fallback == null ? value : "coalesce(" + value + ", " + fallback + ")";
  }

  static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /**
   * Reads the catalog, and asks the server to plan the insert: a missing table, column, right or
   * arbiter shows before the first record.
   *
   * @param database where the table is
   * @param target what is loaded
   * @param notify when workers are told of new jobs
   * @return the table
   * @throws LoadException when the table can't be loaded as it is; says what to do
   */
  public static TargetTable inspect(Database database, Target target, Notify notify) {
    return inspect(database, target, notify, RowChanges.Order.KEY);
  }

  /** With another order of changes, so that tests can show what the right one is for. */
  static TargetTable inspect(
      Database database, Target target, Notify notify, RowChanges.Order order) {
    try (Connection connection = database.begin("pgbackfill")) {
      TargetTable table = read(connection, database.spec(), target, notify, order);
      if (table.inserts()) {
        Preflight.require(connection, table);
      }
      table.plan(connection, database.spec());
      return table;
    } catch (SQLException e) {
      throw unreadable(target, database.spec(), e);
    }
  }

  /** What the catalog says, whether it can be loaded or not. */
  static TargetTable read(
      Connection connection,
      ConnectionSpec spec,
      Target target,
      Notify notify,
      RowChanges.Order order)
      throws SQLException {
    Catalog catalog = Catalog.read(connection, target, spec);
    if (target instanceof JobsTarget jobs) {
      return new JobsTable(jobs, catalog, notify);
    }
    return target instanceof JobUpdatesTarget updates
        ? new JobUpdatesTable(updates, catalog, order)
        : new ContactsTable((ContactsTarget) target, catalog, order);
  }

  /** Asks the server to plan what writes: whatever else it minds, it says now. */
  void plan(Connection connection, ConnectionSpec spec) {
    try {
      if (insert != null) {
        try (PreparedStatement explain = connection.prepareStatement("EXPLAIN " + insert)) {
          bind(connection, explain, List.of());
          explain.execute();
        }
      }
      if (changes != null) {
        changes.plan(connection);
      }
    } catch (SQLException e) {
      throw unusable(e, spec);
    }
  }

  /** What the account needs on the table. */
  private String rights() {
    String insertRight = insert == null ? "" : ", INSERT";
    return "SELECT" + insertRight + (changes == null ? "" : ", UPDATE");
  }

  static LoadException unreadable(Target target, ConnectionSpec spec, SQLException e) {
    String next =
        "42501".equals(e.getSQLState())
            ? "; GRANT USAGE ON that schema TO " + quoted(spec.user())
            : "";
    return new LoadException(target.table() + ": can't be inspected: " + Messages.of(e) + next, e);
  }

  private LoadException unusable(SQLException e, ConnectionSpec spec) {
    String next =
        switch (String.valueOf(e.getSQLState())) {
          case "42501" -> "; GRANT " + rights() + " ON " + name + " TO " + quoted(spec.user());
          case "42P10" -> "; " + arbiterHint();
          default -> "";
        };
    return new LoadException("table " + name + " can't be loaded: " + Messages.of(e) + next, e);
  }

  /** What to do where the arbiter index is missing. */
  abstract String arbiterHint();

  /**
   * Finds the rows that stand for these, by plain reads: no lock is taken and none is waited for.
   *
   * @param rows any
   * @param probe how much to ask
   * @return one for each row, in order; null where there is none
   */
  abstract Found[] probe(Connection connection, List<Row> rows, Probe probe) throws SQLException;

  /**
   * Finds the rows that stand for these, in a transaction of its own.
   *
   * @param database where the table is
   * @param who as a DBA sees it
   * @param rows any
   * @return the ids, one for each row, in order; null where there is none
   * @throws SQLException as any statement
   */
  public List<UUID> find(Database database, String who, List<Row> rows) throws SQLException {
    try (Connection connection = database.begin(who)) {
      List<UUID> ids = new ArrayList<>(rows.size());
      for (Found found : probe(connection, rows, Probe.FIRST)) {
        ids.add(found == null ? null : found.id());
      }
      return ids;
    }
  }

  /**
   * Tells the workers, in the transaction that inserted these rows; contacts have nobody to tell.
   */
  void announce(Connection connection, Rows rows, int[] inserted) throws SQLException {}

  /**
   * Tells the workers what the run still has to tell them, at its end.
   *
   * @param database where the table is
   * @throws SQLException when the server refuses
   */
  public void announceEnd(Database database) throws SQLException {}

  /**
   * Inserts those that are new.
   *
   * @param some any
   * @param places in lock order, no key twice
   * @return those of the places whose rows are in now because of this statement
   */
  int[] insert(Connection connection, Rows some, int[] places) throws SQLException {
    List<Row> rows = some.get(places);
    Set<UUID> ids = new HashSet<>(places.length * 2);
    try (PreparedStatement statement = connection.prepareStatement(insert)) {
      bind(connection, statement, rows);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          ids.add(result.getObject(1, UUID.class));
        }
      }
    }
    return IntStream.range(0, places.length)
        .filter(i -> ids.contains(rows.get(i).id()))
        .map(i -> places[i])
        .toArray();
  }

  /**
   * Whether rows can go in by COPY at all: a plain table of known types, with nothing in its way.
   */
  boolean takesCopy() {
    return copy != null;
  }

  /**
   * Inserts rows none of which is there, by COPY.
   *
   * @param rows of the chunk
   * @param places in lock order, no key twice
   * @param ids by how many go in before
   * @return how many are in; -1 when these can't go this way, and nothing was done
   * @throws SQLException 23505 when somebody was quicker with a key: then none is in
   */
  long copy(Connection connection, Rows rows, int[] places, IntFunction<UUID> ids)
      throws SQLException {
    return copy.insert(connection, rows, places, ids);
  }

  /** Whether those who read the table go by its ids: then these must grow in input order. */
  boolean idsOrderWork() {
    return false;
  }

  /** Whether rows that are not there are inserted. */
  boolean inserts() {
    return insert != null;
  }

  /** How rows that are there are changed; null where they stay. */
  RowChanges changes() {
    return changes;
  }

  /**
   * Whether the records of one key can be applied at once. Not where an empty field makes something
   * of the table's own.
   */
  boolean folds() {
    return !changes.fields().haveDefaults();
  }

  /** Why a record is refused that has no row, where nothing is inserted. */
  String missing(Row row) {
    throw new IllegalStateException("a row that is missing is inserted");
  }

  /** The names of the target's columns. */
  List<String> columnNames() {
    return target.columns().stream().map(Column::name).toList();
  }

  /** Whether it is a view, which has neither indexes nor triggers for each row of its own. */
  boolean isView() {
    return isView;
  }

  /** Whether the export brings ids of its own, of which some may be there under another key. */
  boolean idsGiven() {
    return idsGiven;
  }

  /**
   * The keys that are there.
   *
   * @param links of contacts; a job has none
   * @return a query with the columns link, where there are links, as its place among these,
   *     1-based, and key as text
   */
  abstract String keysSql(List<UUID> links);

  private void bind(Connection connection, PreparedStatement statement, List<Row> rows)
      throws SQLException {
    for (int i = 0; i < written.length; i++) {
      int column = written[i];
      statement.setArray(
          i + 1,
          texts(connection, rows.stream().map(row -> row.value(column)).toArray(String[]::new)));
    }
  }

  static Array texts(Connection connection, String[] values) throws SQLException {
    return connection.createArrayOf("text", values);
  }

  /**
   * The transaction that a found row's version comes from, for exports that bring their own ids.
   */
  String transactionSql() {
    // A view has no xmin, and ids of our own need none.
    return idsGiven ? "xmin::text::bigint" : "0::bigint";
  }

  /** Runs a probe whose result is (ordinal, id, transaction). */
  static void collect(PreparedStatement statement, int[] positions, Found[] found)
      throws SQLException {
    try (ResultSet result = statement.executeQuery()) {
      while (result.next()) {
        int position = positions[(int) result.getLong(1) - 1];
        found[position] = new Found(result.getObject(2, UUID.class), result.getLong(3));
      }
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
   * What is loaded into it.
   *
   * @return the target that it was inspected for
   */
  public final Target target() {
    return target;
  }
}
