package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The tables that say what is in, in the target's own database. Safe between threads; every call is
 * a transaction of its own.
 */
public final class Ledger {
  /**
   * How long a holder is believed to live after its last sign: well below the 15 seconds in which a
   * dead holder's run must be free.
   */
  public static final Duration LEASE = Duration.ofSeconds(10);

  /** How often a holder gives a sign: three may be lost. */
  public static final Duration HEARTBEAT = Duration.ofSeconds(3);

  private static final String WHO = "pgbackfill ledger";

  private final Connections connections;
  private final String schemaName;
  private final String schema;

  private Ledger(Connections connections, String schemaName) {
    this.connections = connections;
    this.schemaName = schemaName;
    this.schema = LedgerSchema.quoted(schemaName);
  }

  /**
   * Opens the ledger, and makes it at first use.
   *
   * @param connections where to
   * @param schema its schema
   * @return the ledger
   * @throws LedgerException when it is of another version, or a right is missing
   * @throws SQLException when it can't be made or read; see {@link #unusable}
   */
  public static Ledger open(Connections connections, String schema) throws SQLException {
    try (Connection connection = connections.begin(WHO)) {
      LedgerSchema.install(connection, schema, LedgerSchema.Use.WRITE);
      return new Ledger(connections, schema);
    }
  }

  /**
   * For an {@link #open} that came to nothing.
   *
   * @param schema the ledger's
   * @param e what the server said
   * @return for the operator
   */
  public static LedgerException unusable(String schema, SQLException e) {
    return new LedgerException(
        "the ledger in schema " + schema + " can't be used: " + said(e) + next(e), e);
  }

  private static String next(SQLException e) {
    return "25006".equals(e.getSQLState())
        ? "; connect to a server and a database that can be written"
            + " (default_transaction_read_only, target_session_attrs)"
        : "; a DBA can make it with what pgbackfill ledger prints, or load without it with"
            + " --no-ledger";
  }

  /**
   * Opens the ledger to read it.
   *
   * @param connections where to
   * @param schema its schema
   * @return the ledger
   * @throws LedgerException when there is none, or one of another version
   */
  public static Ledger existing(Connections connections, String schema) {
    return existing(connections, schema, LedgerSchema.Use.READ);
  }

  /**
   * Opens the ledger to ask something of a run at work.
   *
   * @param connections where to
   * @param schema its schema
   * @return what is asked of runs
   * @throws LedgerException when there is none, one of another version, or a right is missing
   */
  public static Steering steering(Connections connections, String schema) {
    var unused = existing(connections, schema, LedgerSchema.Use.STEER);
    return new Steering(connections, schema);
  }

  private static Ledger existing(Connections connections, String schema, LedgerSchema.Use use) {
    try (Connection connection = connections.begin(WHO)) {
      if (!LedgerSchema.exists(connection, schema)) {
        throw new LedgerException(
            "there is no ledger in schema "
                + schema
                + "; the first run makes it, or name another with --ledger-schema",
            null);
      }
      LedgerSchema.install(connection, schema, use);
      return new Ledger(connections, schema);
    } catch (SQLException e) {
      throw new LedgerException("the ledger in schema " + schema + " can't be read: " + said(e), e);
    }
  }

  /**
   * Looks whether a run could use the ledger, or make it. Changes nothing.
   *
   * @param connection in a transaction of the caller's
   * @param schema the ledger's
   * @return never empty
   * @throws SQLException as any statement
   */
  public static List<Finding> look(Connection connection, String schema) throws SQLException {
    return LedgerCheck.look(connection, schema);
  }

  /** One start at a time decides what it does. */
  static void serialize(Connection connection, String schema) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement(
            "SELECT pg_advisory_xact_lock(hashtext('pgbackfill'), hashtext(?))")) {
      lock.setString(1, schema);
      lock.execute();
    }
  }

  static String said(SQLException e) {
    return (e.getSQLState() == null ? "" : e.getSQLState() + ": ")
        + String.valueOf(e.getMessage())
            .replaceFirst("^(ERROR|FATAL|PANIC): ", "")
            .replaceAll("\\s*\\R\\s*", " ");
  }

  /**
   * What a start asks for.
   *
   * @param name the operator's name for the run; null to be named by {@code defaultName}
   * @param defaultName after the run's time; where another run has it, with a number behind
   * @param work what it has to do
   * @param intent whether to go on with an unfinished run, or to begin anew
   * @param ids for a new run
   * @param lanes among how many the records are dealt
   * @param keepsIds whether an outcome file is wanted
   * @param holder host and process, for those who find the run taken
   * @param token of the lease, new
   */
  public record Request(
      String name,
      String defaultName,
      Work work,
      Intent intent,
      RunIds ids,
      int lanes,
      boolean keepsIds,
      String holder,
      UUID token) {
    /** What the operator wants done about an earlier run. */
    public enum Intent {
      /** Nothing: an unfinished one is in the way. */
      PLAIN,
      /** To go on with an unfinished one. */
      RESUME,
      /** To begin anew, whatever was. */
      AGAIN
    }
  }

  /**
   * How a start went.
   *
   * @param run the run, held by the caller unless it was done already
   * @param kind whether there is something to do
   * @param token of the lease
   */
  public record Start(RunEntry run, Kind kind, UUID token) {
    /** Whether there is something to do. */
    public enum Kind {
      /** A new run. */
      BEGUN,
      /** An unfinished one, to go on with. */
      RESUMED,
      /** It has succeeded before: nothing to do. */
      DONE
    }
  }

  /**
   * Begins a run, goes on with one, or finds that there is nothing to do.
   *
   * @param request what is asked for; the same one may be asked again, when the answer was lost
   * @return the run
   * @throws LedgerException.Busy when another process works on it
   * @throws LedgerException when the ledger says no; the message has the choices
   * @throws SQLException as any statement
   */
  public Start start(Request request) throws SQLException {
    try (Connection connection = connections.begin(WHO)) {
      serialize(connection, schemaName);
      Start start = new Decision(new RunTable(connection, schema), request).make();
      connection.commit();
      return start;
    }
  }

  /**
   * What a start would do.
   *
   * @param kind whether there is something to do
   * @param run the one to go on with, or that is done; null where a new one would begin
   */
  public record Foresight(Start.Kind kind, RunEntry run) {}

  /**
   * What {@link #start} would do, by plain reads: nothing is written or locked, and so another
   * start may come between.
   *
   * @param connections where to
   * @param schema the ledger's; where there is none, a new run would begin
   * @param request what would be asked for
   * @return what a start would do at this moment
   * @throws LedgerException.Busy when another process works on it
   * @throws LedgerException when the ledger would say no; the message has the choices
   * @throws SQLException as any statement
   */
  public static Foresight foresee(Connections connections, String schema, Request request)
      throws SQLException {
    try (Connection connection = connections.begin(WHO)) {
      if (!LedgerSchema.exists(connection, schema)) {
        return new Foresight(Start.Kind.BEGUN, null);
      }
      LedgerSchema.install(connection, schema, LedgerSchema.Use.WRITE); // only checks: it is there
    }
    try (Connection connection = connections.begin(WHO)) {
      return new Decision(new RunTable(connection, LedgerSchema.quoted(schema)), request).foresee();
    }
  }

  /**
   * For a {@link #start} that came to nothing.
   *
   * @param e what the server said
   * @return for the operator
   */
  public LedgerException unwritable(SQLException e) {
    return new LedgerException(
        "the ledger in schema " + schemaName + " can't be written: " + said(e), e);
  }

  /**
   * The runs that the ledger knows.
   *
   * @param name of the runs; null for all
   * @return the last 100, the last one first
   * @throws LedgerException when the ledger can't be read
   */
  public List<RunEntry> runs(String name) {
    try (Connection connection = connections.begin(WHO)) {
      RunTable runs = new RunTable(connection, schema);
      return name == null ? runs.find("r.run_id > ?", 0L) : runs.find("r.name = ?", name);
    } catch (SQLException e) {
      throw new LedgerException(
          "the ledger in schema " + schemaName + " can't be read: " + said(e), e);
    }
  }

  /**
   * What was asked of runs.
   *
   * @return for the same ledger
   */
  public Steering steering() {
    return new Steering(connections, schemaName);
  }

  /**
   * The ids that a run has given, for who wants to find its rows.
   *
   * @param name of the run; of some the last one counts
   * @param work that it must have done
   * @return its ids
   * @throws LedgerException when there is no such run, it did other work, or the ledger can't be
   *     read
   */
  public RunIds idsOf(String name, Work work) {
    RunEntry run =
        runs(name).stream()
            .findFirst()
            .orElseThrow(
                () ->
                    new LedgerException(
                        "the ledger in schema "
                            + schemaName
                            + " knows no run "
                            + name
                            + "; pgbackfill runs lists those that it knows",
                        null));
    Decision.requireSame(run, work);
    return run.ids();
  }

  /**
   * Takes part in a run that was started here.
   *
   * @param start how it was started
   * @return the holder's view
   */
  public Holding hold(Start start) {
    return new Holding(connections, schema, start);
  }
}
