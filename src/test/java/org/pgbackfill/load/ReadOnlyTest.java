package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Where a command only looks, the server refuses what would write all the same. */
@Tag("database")
class ReadOnlyTest {
  private final TestDatabase where = TestServer.shared().database().run("CREATE TABLE t (i int)");

  private void write(Database.Access access, String sql) throws SQLException {
    try (Database database = Database.open(TestRun.spec(where), TestRun.LIMITS, 1, access)) {
      for (int time = 0; time < 2; time++) { // a connection that was used before is no other
        try (Connection connection = database.begin("test");
            Statement statement = connection.createStatement()) {
          statement.execute(sql);
          connection.commit();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE u (i int)",
        "DELETE FROM t",
        "SELECT FROM t FOR UPDATE"
      })
  void theServerRefusesToWrite(String sql) {
    SQLException refused =
        assertThrows(SQLException.class, () -> write(Database.Access.READ_ONLY, sql));
    assertEquals("25006", refused.getSQLState(), refused::getMessage);
    assertEquals(0, where.number("SELECT count(*) FROM t"));
  }

  /** Control: a database that is opened to write takes it. */
  @Test
  void otherwiseItWrites() throws SQLException {
    write(Database.Access.WRITE, "INSERT INTO t VALUES (1)");
    assertEquals(2, where.number("SELECT count(*) FROM t"));
  }
}
