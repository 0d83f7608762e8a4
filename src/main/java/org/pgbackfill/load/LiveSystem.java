package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.pgbackfill.ledger.Connections;

/**
 * The server as a DBA sees it beside the load, through a session of its own that takes no lock and
 * keeps no transaction open between two looks. For one thread, but for {@link #close}.
 */
public final class LiveSystem implements AutoCloseable {
  /** Work on the session; what it does is committed behind it. */
  public interface Errand {
    /**
     * Does it.
     *
     * @param session in a transaction
     * @throws SQLException as any statement
     */
    void run(Connection session) throws SQLException;
  }

  private static final String WHO = "pgbackfill throttle";

  /** A query that takes longer would keep the run from hearing what is asked of it in time. */
  private static final String QUERY_LIMITS =
      """
      SET TRANSACTION READ ONLY;
      SET LOCAL statement_timeout = '1s';
      -- the operator's query is planned as he knows it
      SET LOCAL enable_seqscan TO DEFAULT;
      SET LOCAL enable_hashjoin TO DEFAULT;
      SET LOCAL enable_mergejoin TO DEFAULT
      """;

  /**
   * What the account may see.
   *
   * @param role quoted
   */
  private record Rights(String role, boolean stats, boolean archive) {}

  private final Database database;
  private final String run;

  /** Null before the server was reached. */
  private Rights rights;

  private ServerFigures figures;
  private volatile Connection session;

  /**
   * Does not connect yet.
   *
   * @param database where
   * @param run the run's name
   */
  public LiveSystem(Database database, String run) {
    this.database = database;
    this.run = run;
  }

  /**
   * How far the server's WAL is, for a difference; everybody writes it.
   *
   * @param database asked in a transaction of its own
   * @return bytes; null where the server does not say
   */
  public static Long walBytes(Database database) {
    try (Connection connection = database.begin("pgbackfill");
        Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(
                "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint")) {
      result.next();
      long bytes = result.getLong(1);
      connection.commit();
      return bytes;
    } catch (SQLException e) {
      return null;
    }
  }

  /**
   * Whether others are at work before a run's lanes are, in any database of the server.
   *
   * @param database asked in a transaction of its own
   * @param run the run's name
   * @return also true where the account may not see what others do, or the server does not say
   */
  public static boolean othersWork(Database database, String run) {
    try (Connection connection = database.begin("pgbackfill")) {
      boolean work = ServerFigures.othersWork(connection, lanes(run));
      connection.commit();
      return work;
    } catch (SQLException e) {
      return true;
    }
  }

  private static String lanes(String run) {
    return "pgbackfill " + run + " lane-";
  }

  /**
   * Refuses figures that the account may not see, and a query that the server can't answer.
   *
   * @param database asked in a session of its own
   * @param asked the figures
   * @param query the operator's; null for none
   * @throws LoadException with what a DBA can grant, or what the server said
   */
  public static void require(Database database, Set<Gauge> asked, String query) {
    try (LiveSystem live = new LiveSystem(database, "")) {
      live.begin();
      String missing = live.missing(asked);
      if (missing != null) {
        throw new LoadException(missing, null);
      }
      if (query != null) {
        live.requireAnswer(query);
      }
    } catch (SQLException e) {
      throw new LoadException("throttles can't be asked for: " + Messages.of(e), e);
    }
  }

  private void requireAnswer(String query) {
    try {
      var unused = holds(query);
    } catch (SQLException e) {
      throw new LoadException(
          "--throttle-query can't be asked: "
              + Messages.of(e)
              + "; expected a query that only reads, and gives one boolean: true holds the load",
          e);
    }
  }

  /**
   * What the account lacks to see figures.
   *
   * @param asked the figures
   * @return for the operator; null when nothing is missing, or the server was not reached yet
   */
  public String missing(Set<Gauge> asked) {
    if (rights == null) {
      return null;
    }
    boolean hidden = !rights.stats() && (asked.contains(Gauge.LAG) || asked.contains(Gauge.ACTIVE));
    boolean unlisted = !rights.archive() && asked.contains(Gauge.WAL_BACKLOG);
    return hidden || unlisted ? lacks(rights.role(), hidden, unlisted) : null;
  }

  private static String lacks(String role, boolean hidden, boolean unlisted) {
    String what =
        hidden && unlisted
            ? "other sessions, replicas and the archiver, which --max-lag, --max-active and"
                + " --max-wal-backlog go by"
            : hidden
                ? "other sessions and replicas, which --max-lag and --max-active go by"
                : "the archiver, which --max-wal-backlog goes by";
    return "role "
        + role
        + " may not see "
        + what
        + "; a DBA can let it: GRANT "
        + (unlisted ? "pg_monitor" : "pg_read_all_stats")
        + " TO "
        + role;
  }

  /**
   * Does something else on the session.
   *
   * @param errand what
   * @return why it could not be done; null when it could
   */
  public String visit(Errand errand) {
    try {
      begin();
      errand.run(session);
      session.commit();
      return null;
    } catch (SQLException e) {
      endSession();
      return Messages.of(e);
    }
  }

  /**
   * Looks.
   *
   * @param asked figures that take a question of their own are left out unless they are here
   * @param query the operator's; null for none
   * @return what there was to see
   */
  public Sighting look(Set<Gauge> asked, String query) {
    Sighting seen;
    try {
      begin();
      seen = figures.read(session, asked);
      session.commit();
    } catch (SQLException e) {
      endSession();
      return Sighting.nothing(Messages.of(e));
    }
    return query == null ? seen : withAnswer(seen, query);
  }

  private Sighting withAnswer(Sighting seen, String query) {
    String why;
    try {
      why = holds(query) ? "the query says so" : null;
    } catch (SQLException e) {
      // Nobody knows whether the load may go on; so it does not.
      endSession();
      why = "the query failed: " + Messages.of(e);
    }
    return new Sighting(
        seen.values(), seen.waiting(), seen.longestWaitMillis(), seen.othersWork(), why, null);
  }

  private void begin() throws SQLException {
    if (session == null || session.isClosed()) {
      session = database.session();
    }
    if (rights == null) {
      String lanes = asShown(lanes(run));
      rights = rights();
      figures = new ServerFigures(lanes, rights.stats());
      session.commit();
    }
    database.limit(session, WHO);
  }

  private Rights rights() throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet may =
            statement.executeQuery(
                """
                SELECT quote_ident(current_user), pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
                       has_function_privilege('pg_ls_archive_statusdir()', 'EXECUTE')
                """)) {
      may.next();
      return new Rights(may.getString(1), may.getBoolean(2), may.getBoolean(3));
    }
  }

  /** A name that is too long is cut by the server, and letters beyond ASCII are changed. */
  private String asShown(String name) throws SQLException {
    try (PreparedStatement select =
        session.prepareStatement("SELECT set_config('application_name', ?, true)")) {
      select.setString(1, name);
      try (ResultSet result = select.executeQuery()) {
        result.next();
        return result.getString(1);
      }
    }
  }

  private boolean holds(String query) throws SQLException {
    begin();
    try (Statement statement = session.createStatement()) {
      statement.execute(QUERY_LIMITS);
      try (ResultSet result = statement.executeQuery(scalar(query))) {
        boolean holds = result.next() && result.getBoolean(1);
        session.rollback();
        return holds;
      }
    }
  }

  /** One statement with one value; several can't slip out of the transaction that only reads. */
  private static String scalar(String query) {
    return "SELECT (\n" + query.strip().replaceFirst(";$", "") + "\n)::boolean";
  }

  private void endSession() {
    Connections.end(session);
    session = null;
  }

  /** Ends the session, also in the middle of a look. */
  @Override
  public void close() {
    endSession();
  }
}
