package org.pgbackfill.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Holds up every insert into a table once it has so many rows, until it is opened: a run can be met
 * in the middle, without a guess about time.
 */
public final class Gate implements AutoCloseable {
  private static final int LOCK = 4711;

  private final TestDatabase database;
  private final Connection connection;

  private Gate(TestDatabase database, Connection connection) {
    this.database = database;
    this.connection = connection;
  }

  /** Closes the gate behind so many rows. */
  public static Gate behind(int rows, String table, TestDatabase database) {
    try {
      Connection connection = database.connect();
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            """
            CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF (SELECT count(*) FROM %1$s) >= %2$d THEN
                PERFORM pg_advisory_xact_lock_shared(%3$d);
              END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER gate BEFORE INSERT ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION gate();
            SELECT pg_advisory_lock(%3$d);
            """
                .formatted(table, rows, LOCK));
      }
      return new Gate(database, connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until a transaction stands at the gate. */
  public Gate awaitSomebody() {
    Wait.until("somebody stands at the gate", () -> waiting() > 0);
    return this;
  }

  /** How many transactions stand at the gate. */
  public long waiting() {
    return database.number(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = "
            + LOCK
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }

  /** Lets everybody through, from now on. */
  public void open() {
    close();
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
