package org.pgbackfill.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Another program at the same tables, stepped by hand: always in a transaction, until it commits or
 * rolls back. Not safe between threads.
 */
public final class Session implements AutoCloseable {
  private final TestDatabase database;
  private final Connection connection;
  private final long pid;

  private Session(TestDatabase database, Connection connection, long pid) {
    this.database = database;
    this.connection = connection;
    this.pid = pid;
  }

  /** Connects. */
  public static Session open(TestDatabase database) {
    try {
      Connection connection = database.connect();
      connection.setAutoCommit(false);
      try (PreparedStatement statement = connection.prepareStatement("SELECT pg_backend_pid()");
          ResultSet result = statement.executeQuery()) {
        result.next();
        return new Session(database, connection, result.getLong(1));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs one statement in the open transaction, and fails the test when the server refuses. */
  public Session run(String sql, Object... values) {
    try {
      execute(sql, values);
      return this;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getSQLState() + ": " + e.getMessage() + ": " + sql, e);
    }
  }

  /** Runs one statement; the SQLSTATE it fails with, or null. */
  public String attempt(String sql, Object... values) {
    try {
      execute(sql, values);
      return null;
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }

  private void execute(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        Object value = values[i];
        statement.setObject(
            i + 1,
            value instanceof String[] texts ? connection.createArrayOf("text", texts) : value);
      }
      statement.execute();
    }
  }

  /** Waits until so many other sessions wait for this one. */
  public void awaitBlocked(int others) {
    Wait.until(
        others + " sessions wait for the one that the test holds",
        () ->
            database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                        + pid
                        + " = ANY (pg_blocking_pids(pid))")
                == others);
  }

  /** Ends the transaction; what it did stays. */
  public void commit() {
    try {
      connection.commit();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends the transaction; what it did is gone. */
  public void rollback() {
    try {
      connection.rollback();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
