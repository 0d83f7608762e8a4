package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/** The session that shows that the server is there is the first to work. */
@Tag("database")
class PoolSourceTest {
  private static final String OTHERS =
      "SELECT pid FROM pg_stat_activity"
          + " WHERE datname = current_database() AND pid <> pg_backend_pid()";

  private final TestDatabase where = TestServer.shared().database();

  private Database open() {
    return Database.open(TestRun.spec(where), TestRun.LIMITS, 1);
  }

  private String onlySession() {
    Wait.until("one session is there", () -> where.rows(OTHERS).size() == 1);
    return where.rows(OTHERS).get(0);
  }

  private static String pid(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SELECT pg_backend_pid()")) {
      result.next();
      return result.getString(1);
    }
  }

  @Test
  void theFirstSessionIsNotMadeOnlyToLook() throws SQLException {
    try (Database database = open()) {
      String first = onlySession();
      try (Connection one = database.begin("test");
          Connection two = database.begin("test")) {
        assertEquals(first, pid(one));
        assertNotEquals(first, pid(two)); // the control: what else there is has sessions of its own
      }
    }
  }

  @Test
  void whereNobodyAsksForItItEndsAllTheSame() {
    open().close();
    Wait.until("no session is left", () -> where.rows(OTHERS).isEmpty());
  }

  /** It is given once: what the server has ended is replaced by a new one. */
  @Test
  void aFirstSessionThatTheServerHasEndedIsReplaced() throws SQLException {
    try (Database database = open()) {
      String first = onlySession();
      assertEquals(1, where.number("SELECT count(pg_terminate_backend(" + first + "))"));
      Wait.until("no session is left", () -> where.rows(OTHERS).isEmpty());
      try (Connection one = database.begin("test")) {
        assertNotEquals(first, pid(one));
      }
    }
  }
}
