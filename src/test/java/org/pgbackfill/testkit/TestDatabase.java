package org.pgbackfill.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A database of one test. */
public final class TestDatabase {
  private static final String OTHERS =
      "datname = current_database() AND backend_type = 'client backend' AND pid <>"
          + " pg_backend_pid()";

  private final TestServer server;
  private final String name;

  TestDatabase(TestServer server, String name) {
    this.server = server;
    this.name = name;
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** The server it is on. */
  public TestServer server() {
    return server;
  }

  /** Another one with the same in it; nobody may be connected to this one. */
  public TestDatabase copy() {
    return server.create("TEMPLATE " + name);
  }

  /** A connection of one's own, to be closed. */
  public Connection connect() throws SQLException {
    return server.connect(name);
  }

  /** Runs statements, separated by semicolons. */
  public TestDatabase run(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      return this;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage() + ": " + sql, e);
    }
  }

  /** As it was when it was new, and sooner than a new one. */
  public TestDatabase emptied() {
    return run(
        """
        DO $$
        DECLARE schema name;
        BEGIN
          FOR schema IN SELECT nspname FROM pg_namespace
                        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', schema);
          END LOOP;
          CREATE SCHEMA public;
          GRANT USAGE ON SCHEMA public TO PUBLIC;
        END $$
        """);
  }

  /** All rows of a query; each row's values as text, joined by {@code |}, NULL as {@code ~}. */
  public List<String> rows(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          String value = result.getString(i);
          values.add(value == null ? "~" : value);
        }
        rows.add(String.join("|", values));
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage() + ": " + sql, e);
    }
  }

  /** The one number that a query gives. */
  public long number(String sql) {
    return Long.parseLong(rows(sql).get(0));
  }

  /**
   * How many deadlocks the server has counted in this database. Waits for the end of all other
   * sessions there: a session sends its counts at its end, and leaves pg_stat_activity after that.
   */
  public long deadlocks() {
    try {
      Wait.until(
          "all other sessions in " + name + " have ended",
          () -> number("SELECT count(*) FROM pg_stat_activity WHERE " + OTHERS) == 0);
    } catch (AssertionError e) {
      String left =
          "SELECT application_name, backend_start, state_change, state, wait_event, query FROM"
              + " pg_stat_activity WHERE ";
      throw new AssertionError(e.getMessage() + "; left: " + rows(left + OTHERS), e);
    }
    return number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
  }

  /** Waits until so many sessions wait for a lock. */
  public void awaitWaiting(int sessions) {
    Wait.until(
        sessions + " sessions wait for a lock",
        () ->
            number(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                        + OTHERS)
                == sessions);
  }
}
