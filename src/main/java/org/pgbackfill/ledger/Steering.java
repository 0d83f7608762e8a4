package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Function;

/**
 * What operators ask of runs at work, from any terminal that reaches the database. Everything that
 * was asked stays in the ledger, with who asked it and what the run's holder said. Safe between
 * threads; every call is a transaction of its own.
 */
public final class Steering {
  /** What can be asked of a run. */
  public enum Action {
    /** To begin no chunk until it is let go. */
    PAUSE,
    /** To go on. */
    UNPAUSE,
    /** To end between two chunks, resumable. */
    STOP,
    /** To go on with other limits. */
    TUNE;

    /**
     * As an operator types it.
     *
     * @return the command's name
     */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One thing that was asked.
   *
   * @param id the ledger's number of it
   * @param action what
   * @param settings the new limits; null where there are none
   * @param by who asked: role, host, process
   * @param asked when, by the server's clock
   * @param taken when the holder heard of it; null before
   * @param refusal why the holder did not do it; null when it did, or has not heard of it
   */
  public record Order(
      long id,
      Action action,
      String settings,
      String by,
      Instant asked,
      Instant taken,
      String refusal) {}

  private static final String WHO = "pgbackfill ledger";

  private static final String COLUMNS =
      "steering_id, action, settings, asked_by, asked, taken, refusal";

  private final Connections connections;
  private final String schemaName;
  private final String schema;

  Steering(Connections connections, String schemaName) {
    this.connections = connections;
    this.schemaName = schemaName;
    this.schema = LedgerSchema.quoted(schemaName);
  }

  /**
   * Asks something of the run of this name that is at work, whichever others have the name.
   *
   * @param name the run's
   * @param action what
   * @param settings the new limits; null where there are none
   * @param from host and process of who asks; the role is added
   * @return what was asked, not yet taken
   * @throws LedgerException when no run of the name is at work, or the ledger can't be written
   */
  public Order ask(String name, Action action, String settings, String from) {
    try (Connection connection = connections.begin(WHO);
        PreparedStatement insert =
            connection.prepareStatement(
                """
                INSERT INTO %1$s.steering (run_id, lease_token, action, settings, asked_by)
                SELECT run_id, lease_token, ?, ?, 'role ' || session_user || ', ' || ?
                FROM %1$s.run WHERE run_id = ? AND state = 'running'
                RETURNING %2$s
                """
                    .formatted(schema, COLUMNS))) {
      RunEntry run = atWork(connection, name);
      insert.setString(1, action.word());
      insert.setString(2, settings);
      insert.setString(3, from);
      insert.setLong(4, run.id());
      List<Order> asked = orders(insert);
      if (asked.isEmpty()) {
        throw new LedgerException("run " + name + " has ended just now; nothing was done", null);
      }
      connection.commit();
      return asked.get(0);
    } catch (SQLException e) {
      throw new LedgerException(
          "the ledger in schema " + schemaName + " can't be written: " + Ledger.said(e), e);
    }
  }

  private RunEntry atWork(Connection connection, String name) throws SQLException {
    List<RunEntry> runs = new RunTable(connection, schema).find("r.name = ?", name);
    if (runs.isEmpty()) {
      throw new LedgerException(
          "there is no run "
              + name
              + " in the ledger in schema "
              + schemaName
              + "; pgbackfill runs lists those that there are",
          null);
    }
    RunEntry last = runs.get(0);
    return runs.stream()
        .filter(RunEntry::isHeld)
        .findFirst()
        .orElseThrow(() -> new LedgerException(notAtWork(last), null));
  }

  private static String notAtWork(RunEntry run) {
    return "run "
        + run.name()
        + " is not at work: "
        + (run.state() == RunState.RUNNING
            ? "its holder has died (" + run.holder() + ")"
            : "it " + run.state().word() + " at " + run.ended())
        + "; nothing was done";
  }

  /**
   * What became of something that was asked.
   *
   * @param order as it was asked
   * @return as it stands now
   * @throws LedgerException when the ledger can't be read
   */
  public Order look(Order order) {
    return read("steering_id = ?", order.id()).get(0);
  }

  /**
   * Everything that was asked of a run.
   *
   * @param run which
   * @return in the order in which it was asked
   * @throws LedgerException when the ledger can't be read
   */
  public List<Order> of(RunEntry run) {
    return read("run_id = ?", run.id());
  }

  private List<Order> read(String condition, long id) {
    try (Connection connection = connections.begin(WHO);
        PreparedStatement select = connection.prepareStatement(select(schema, condition))) {
      select.setLong(1, id);
      return orders(select);
    } catch (SQLException e) {
      throw new LedgerException(
          "the ledger in schema " + schemaName + " can't be read: " + Ledger.said(e), e);
    }
  }

  private static String select(String schema, String condition) {
    return "SELECT "
        + COLUMNS
        + " FROM "
        + schema
        + ".steering WHERE "
        + condition
        + " ORDER BY steering_id";
  }

  private static List<Order> orders(PreparedStatement statement) throws SQLException {
    List<Order> orders = new ArrayList<>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        Timestamp taken = row.getTimestamp("taken");
        orders.add(
            new Order(
                row.getLong("steering_id"),
                Action.valueOf(row.getString("action").toUpperCase(Locale.ROOT)),
                row.getString("settings"),
                row.getString("asked_by"),
                row.getTimestamp("asked").toInstant(),
                taken == null ? null : taken.toInstant(),
                row.getString("refusal")));
      }
    }
    return orders;
  }

  /**
   * The holder's side. What is asked is done before it is written down as taken: where the commit
   * gets lost it is done twice, which changes nothing, and not forgotten.
   *
   * @param schema quoted
   */
  static void take(
      Connection session, String schema, long run, UUID token, Function<Order, String> obey)
      throws SQLException {
    List<Order> open;
    try (PreparedStatement select =
        session.prepareStatement(
            select(schema, "run_id = ? AND lease_token = ? AND taken IS NULL"))) {
      select.setLong(1, run);
      select.setObject(2, token);
      open = orders(select);
    }
    for (Order order : open) {
      String refusal = obey.apply(order);
      try (PreparedStatement update =
          session.prepareStatement(
              "UPDATE %s.steering SET taken = clock_timestamp(), refusal = ? WHERE steering_id = ?"
                  .formatted(schema))) {
        update.setString(1, refusal);
        update.setLong(2, order.id());
        update.executeUpdate();
      }
    }
  }
}
