package org.pgbackfill.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** What the ledger says of a transaction whose COMMIT was not answered. */
@Tag("database")
class LostCommitTest {
  private final TestDatabase database = TestServer.shared().database();
  private final Connections connections = new PlainConnections(database);
  private final Ledger ledger;
  private final Holding holding;
  private final Marks marks;

  LostCommitTest() throws SQLException {
    ledger = Ledger.open(connections, "pgbackfill");
    holding = ledger.hold(ledger.start(PlainConnections.request()));
    marks = holding.marks();
  }

  @AfterEach
  void close() {
    holding.close();
  }

  @Test
  void itIsInWhenItsMarkIs() throws SQLException {
    long number = marked(true);
    assertTrue(isIn(0, number));
  }

  @Test
  void itIsNotInWhenItWasRolledBack() throws SQLException {
    long number = marked(false);
    assertFalse(isIn(0, number));
  }

  @Test
  void itMayComeInAsLongAsTheServerIsAtIt() throws SQLException {
    try (Connection connection = connections.begin("")) {
      long number = marks.partly(connection, 0, 1, Map.of());
      SQLException e = assertThrows(SQLTransientException.class, () -> isIn(0, number));
      assertEquals("55P03", e.getSQLState());
    }
  }

  /** The server has lost it in a crash, and gave its number to what another lane did next. */
  @Test
  void itIsNotInWhenAnotherLanesTransactionHasItsNumber() throws SQLException {
    long number = marked(true);
    assertFalse(isIn(1, number));
    assertEquals("committed", status(number), "what the number alone would say");
  }

  /** The server has lost it in a crash, and its number is not given yet. */
  @Test
  void itIsNotInWhenItsNumberIsStillToCome() throws SQLException {
    long number = marked(true) + 1_000_000;
    assertFalse(isIn(0, number));
    SQLException e = assertThrows(SQLException.class, () -> status(number));
    assertEquals("22023", e.getSQLState(), "what would pass for a refused row");
  }

  @Test
  void withoutALedgerItsRowsHaveToBeLookedFor() throws SQLException {
    long number = marked(true);
    try (Connection connection = connections.begin("")) {
      assertFalse(Marks.NONE.isIn(connection, 0, number));
    }
  }

  /** The end of a run may be asked for twice: its first COMMIT may not have been answered. */
  @Test
  void aRunThatIsOverCanBeEndedOnceMore() throws SQLException {
    RunEntry.Counters counters = new RunEntry.Counters(1, 2, 3, 4, 5, 6, 7);
    holding.end(RunState.SUCCEEDED, null, counters);
    holding.end(RunState.SUCCEEDED, null, counters);
    assertEquals(RunState.SUCCEEDED, ledger.runs("lost").get(0).state());
    assertThrows(
        LedgerException.LeaseLost.class, () -> holding.end(RunState.FAILED, "no", counters));
  }

  private long marked(boolean commit) throws SQLException {
    try (Connection connection = connections.begin("")) {
      long number = marks.partly(connection, 0, 1, Map.of());
      if (commit) {
        connection.commit();
      } else {
        connection.rollback();
      }
      return number;
    }
  }

  private boolean isIn(int lane, long number) throws SQLException {
    try (Connection connection = connections.begin("")) {
      return marks.isIn(connection, lane, number);
    }
  }

  private String status(long number) throws SQLException {
    try (Connection connection = connections.begin("");
        PreparedStatement statement =
            connection.prepareStatement("SELECT pg_xact_status(?::text::xid8)")) {
      statement.setString(1, Long.toString(number));
      try (var result = statement.executeQuery()) {
        result.next();
        return result.getString(1);
      }
    }
  }
}
