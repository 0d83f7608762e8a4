package org.pgbackfill.load;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;

/**
 * The connections of a run: one for each lane, and one besides. Safe between threads.
 *
 * <p>Nothing is set on a session that a transaction-mode pooler would lose or leak: every setting
 * is local to its transaction, and no statement is prepared under a name.
 */
public final class Database implements AutoCloseable {
  /**
   * How long a statement waits for a lock before the chunk is tried again: workers must not queue
   * behind us.
   */
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);

  /** How long a statement may take before its chunk is split. */
  private static final Duration STATEMENT_TIMEOUT = Duration.ofMinutes(2);

  /** How long a killed client's transaction may hold its keys. */
  private static final Duration IDLE_IN_TRANSACTION_TIMEOUT = Duration.ofMinutes(1);

  /**
   * Local to the transaction. The planner's switches keep a probe on the index however many keys it
   * has: on a table without statistics it would turn into a hash join over the whole table.
   */
  private static final String SETTINGS =
      """
      SELECT set_config('application_name', ?, true),
             set_config('lock_timeout', ?, true),
             set_config('statement_timeout', ?, true),
             set_config('idle_in_transaction_session_timeout', ?, true),
             set_config('enable_seqscan', 'off', true),
             set_config('enable_hashjoin', 'off', true),
             set_config('enable_mergejoin', 'off', true)
      """;

  private final ConnectionSpec spec;
  private final HikariDataSource pool;

  private Database(ConnectionSpec spec, HikariDataSource pool) {
    this.spec = spec;
    this.pool = pool;
  }

  /**
   * Connects once, to learn at once what does not work, and makes the pool.
   *
   * @param spec where and as whom
   * @param lanes how many lanes will load
   * @return to be closed by the caller
   * @throws LoadException when the server can't be reached or refuses
   */
  public static Database open(ConnectionSpec spec, int lanes) {
    try (Connection first = DriverManager.getConnection(spec.url(), spec.properties())) {
      if (!first.isValid(10)) {
        throw new SQLException("the server does not answer", "08006");
      }
    } catch (SQLException e) {
      throw refused(spec, e);
    }
    HikariConfig config = new HikariConfig();
    config.setPoolName("pgbackfill");
    config.setJdbcUrl(spec.url());
    config.setDataSourceProperties(spec.properties());
    config.addDataSourceProperty("prepareThreshold", "0");
    config.setMaximumPoolSize(lanes + 1);
    config.setMinimumIdle(0);
    config.setAutoCommit(false);
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(Duration.ofSeconds(10).toMillis());
    return new Database(spec, new HikariDataSource(config));
  }

  private static LoadException refused(ConnectionSpec spec, SQLException e) {
    String state = String.valueOf(e.getSQLState());
    String check =
        switch (state) {
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

  /**
   * Begins a transaction on a connection of the pool; closing it without a commit rolls back.
   *
   * @param who what a DBA sees as application_name, such as {@code pgbackfill nightly lane-3}
   * @return READ COMMITTED, to be closed by the caller
   * @throws SQLException when there is no connection to be had
   */
  Connection begin(String who) throws SQLException {
    Connection connection = pool.getConnection();
    try (PreparedStatement settings = connection.prepareStatement(SETTINGS)) {
      settings.setString(1, who);
      settings.setString(2, LOCK_TIMEOUT.toMillis() + "ms");
      settings.setString(3, STATEMENT_TIMEOUT.toMillis() + "ms");
      settings.setString(4, IDLE_IN_TRANSACTION_TIMEOUT.toMillis() + "ms");
      settings.execute();
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
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

  @Override
  public void close() {
    pool.close();
  }
}
