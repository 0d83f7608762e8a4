package org.pgbackfill.load;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.GregorianCalendar;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import org.pgbackfill.ledger.Connections;
import org.postgresql.PGProperty;

/**
 * The connections of a run: one for each lane, and one besides. Safe between threads.
 *
 * <p>Nothing is set on a session that a transaction-mode pooler would lose or leak: every setting
 * is local to its transaction, and no statement is prepared under a name.
 */
public final class Database implements AutoCloseable, Connections {
  /**
   * Local to the transaction, whatever the server's defaults are. The planner's switches keep a
   * probe on the index however many keys it has: on a table without statistics it would turn into a
   * hash join over the whole table.
   */
  private static final String LIMITS =
      """
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED%s;
      SELECT set_config('application_name', ?, true),
             set_config('lock_timeout', ?, true),
             set_config('statement_timeout', ?, true),
             set_config('idle_in_transaction_session_timeout', ?, true),
             -- a COMMIT that was answered must be in, also after a crash: the run goes on from there
             set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                                              WHEN 'off' THEN 'local'
                                              ELSE current_setting('synchronous_commit') END, true),
             %s
             -- a plan that avoids what is switched off looks dear, and compiling it takes longer than it runs
             set_config('jit', 'off', true),
             set_config('enable_seqscan', 'off', true),
             set_config('enable_hashjoin', 'off', true),
             set_config('enable_mergejoin', 'off', true)
      """;

  /** What a database may be opened for. */
  public enum Access {
    /** To write, where the server and the database can be written. */
    WRITE(""),
    /** To look: the server refuses whatever would write. */
    READ_ONLY(", READ ONLY");

    private final String sql;

    Access(String sql) {
      this.sql = sql;
    }
  }

  private static final String NO_TRANSACTION_TIMEOUT =
      "set_config('transaction_timeout', '0', true),";
  private static final int FIRST_WITH_TRANSACTION_TIMEOUT = 17;

  /** How long the pool waits for a connection before it says why there is none. */
  private static final Duration CONNECT = Duration.ofSeconds(10);

  /** What a busy server may take for it, however short the time for retries. */
  private static final Duration SHORTEST_CONNECT = Duration.ofSeconds(5);

  /** How long after its time a statement's end may take to get here. */
  private static final Duration SILENCE = Duration.ofSeconds(5);

  /** What a session is for takes no time; when it does, another session is quicker. */
  private static final Duration SESSION_SILENCE = Duration.ofSeconds(4);

  private final ConnectionSpec spec;
  private final Limits limits;
  private final String limitsSql;
  private final PoolSource source;
  private final HikariDataSource pool;

  private Database(
      ConnectionSpec spec, Limits limits, Access access, PoolSource source, HikariDataSource pool) {
    this.spec = spec;
    this.limits = limits;
    this.limitsSql =
        LIMITS.formatted(
            access.sql,
            source.serverVersion() < FIRST_WITH_TRANSACTION_TIMEOUT ? "" : NO_TRANSACTION_TIMEOUT);
    this.source = source;
    this.pool = pool;
  }

  /**
   * Has the JVM load the driver, and the locale's data that its calendar asks for: the first
   * connection then has less to wait for. May be called in any thread.
   */
  @SuppressWarnings({"JavaUtilDate", "UnusedVariable"})
  public static void loadDriver() {
    var unusedDrivers = DriverManager.getDrivers();
    var unusedCalendar = new GregorianCalendar();
  }

  /**
   * Connects, to learn at once what does not work, and makes the pool of that.
   *
   * @param spec where and as whom
   * @param limits how long to wait for what
   * @param lanes how many lanes will load
   * @return to be closed by the caller
   * @throws LoadException when the server can't be reached or refuses
   */
  public static Database open(ConnectionSpec spec, Limits limits, int lanes) {
    return open(spec, limits, lanes, Access.WRITE);
  }

  /**
   * The same, for one purpose.
   *
   * @param spec where and as whom
   * @param limits how long to wait for what
   * @param lanes how many threads will ask
   * @param access what for: each transaction says it to the server
   * @return to be closed by the caller
   * @throws LoadException when the server can't be reached or refuses
   */
  public static Database open(ConnectionSpec spec, Limits limits, int lanes, Access access) {
    // The server ends a statement in time; where it can't say so any more, the silence ends here.
    Properties properties = properties(spec, limits, limits.statement().plus(SILENCE));
    PoolSource source;
    try {
      source = PoolSource.open(spec, properties);
    } catch (SQLException e) {
      throw refused(spec, e);
    }
    HikariConfig config = new HikariConfig();
    config.setPoolName("pgbackfill");
    config.setDataSource(source);
    config.setMaximumPoolSize(lanes + 1);
    config.setMinimumIdle(0);
    config.setAutoCommit(false);
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(patience(limits).toMillis());
    return new Database(spec, limits, access, source, new HikariDataSource(config));
  }

  /** Who gives up soon does not wait long for a connection. */
  private static Duration patience(Limits limits) {
    Duration wait = limits.retry().compareTo(CONNECT) < 0 ? limits.retry() : CONNECT;
    return wait.compareTo(SHORTEST_CONNECT) < 0 ? SHORTEST_CONNECT : wait;
  }

  private static Properties properties(ConnectionSpec spec, Limits limits, Duration silence) {
    Properties properties = spec.properties();
    // No named statements.
    PGProperty.PREPARE_THRESHOLD.set(properties, 0);
    properties.putIfAbsent(PGProperty.SOCKET_TIMEOUT.getName(), Long.toString(silence.toSeconds()));
    properties.putIfAbsent(
        PGProperty.LOGIN_TIMEOUT.getName(), Long.toString(patience(limits).toSeconds()));
    return properties;
  }

  private static LoadException refused(ConnectionSpec spec, SQLException e) {
    String check =
        switch (String.valueOf(e.getSQLState())) {
          case "28P01", "28000" ->
              "check the user, the password (-W, PGPASSWORD or ~/.pgpass) and pg_hba.conf";
          case "08004" -> // the driver's word: no password at hand, or a server without SSL
              "check the password (-W, PGPASSWORD or ~/.pgpass), PGSSLMODE and pg_hba.conf";
          case "3D000" -> "check the database's name (-d or PGDATABASE)";
          case "53300" -> "the server has no connection left: try later";
          case "57P03" -> "the server is starting or stopping: try again in a moment";
          default ->
              "check that the server runs there and can be reached (-h, -p, PGHOST, PGPORT,"
                  + " PGSSLMODE)";
        };
    return new LoadException(
        "no connection with " + spec.describe() + ": " + Messages.of(e) + "; " + check, e);
  }

  @Override
  public Connection begin(String who) throws SQLException {
    Connection connection = pool.getConnection();
    try {
      limit(connection, who);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public Connection session() throws SQLException {
    Connection connection =
        DriverManager.getConnection(spec.url(), properties(spec, limits, SESSION_SILENCE));
    connection.setAutoCommit(false);
    return connection;
  }

  @Override
  public void limit(Connection session, String who) throws SQLException {
    try (PreparedStatement settings = session.prepareStatement(limitsSql)) {
      settings.setString(1, who);
      settings.setString(2, limits.lock().toMillis() + "ms");
      settings.setString(3, limits.statement().toMillis() + "ms");
      settings.setString(4, limits.idleInTransaction().toMillis() + "ms");
      settings.execute();
    }
  }

  /**
   * Where the connections go.
   *
   * @return never shows a password
   */
  public ConnectionSpec spec() {
    return spec;
  }

  /**
   * Ends the pool's sessions one after the other, where {@link #close} ends all of them at once. A
   * session's end takes the server some of a core's time, to give back what it has seen of the
   * shared buffers: 18 to 30 ms each where that was measured (src/site/markdown/performance.md).
   *
   * @param rests has a rest before each; false leaves the others to {@link #close}
   */
  public void endOneByOne(BooleanSupplier rests) {
    try {
      while (pool.getHikariPoolMXBean().getIdleConnections() > 0 && rests.getAsBoolean()) {
        try (Connection connection = pool.getConnection()) {
          pool.evictConnection(connection);
        }
      }
    } catch (SQLException e) {
      // The server has ended them, or is away: there is nothing left to be gentle with.
    }
  }

  @Override
  public void close() {
    pool.close();
    source.close();
  }
}
