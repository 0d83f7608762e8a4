package org.pgbackfill.ledger;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/** The session by which others see that a run's process lives. */
@Tag("database")
class HoldingTest {
  private final TestDatabase database = TestServer.shared().database();

  /** Gives the heartbeat its session when the test says so. */
  private final class Late extends PlainConnections {
    private final CompletableFuture<Connection> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> given = new CompletableFuture<>();
    private Runnable beforeNext = () -> {};

    Late() {
      super(database);
    }

    @Override
    public Connection begin(String who) throws SQLException {
      beforeNext.run();
      return super.begin(who);
    }

    @Override
    public Connection session() throws SQLException {
      Connection session = super.session();
      opened.complete(session);
      given.join(); // as the driver, it does not heed an interrupt
      return session;
    }
  }

  /** A small load is over before the first heartbeat has its session. */
  @Test
  void aSessionThatComesBehindTheEndIsEndedAsWell() throws SQLException {
    Late connections = new Late();
    Ledger ledger = Ledger.open(connections, "pgbackfill");
    Holding holding = ledger.hold(ledger.start(PlainConnections.request()));
    RunEntry.Counters counters = new RunEntry.Counters(0, 0, 0, 0, 0, 0, 0);
    holding.beat(() -> counters, lost -> {});
    Connection session = connections.opened.join();
    holding.end(RunState.SUCCEEDED, null, counters);
    holding.close();
    assertFalse(session.isClosed(), "nobody else has ended it");
    connections.given.complete(null);
    Wait.until("it has ended", () -> isClosed(session));
  }

  /** Others take a run whose session is gone, and its own end would find it lost. */
  @Test
  void aSessionThatComesWhileTheEndIsWrittenIsThereUntilThat() throws SQLException {
    Late connections = new Late();
    Ledger ledger = Ledger.open(connections, "pgbackfill");
    Holding holding = ledger.hold(ledger.start(PlainConnections.request()));
    RunEntry.Counters counters = new RunEntry.Counters(0, 0, 0, 0, 0, 0, 0);
    CompletableFuture<Thread> heart = new CompletableFuture<>();
    holding.beat(
        () -> {
          heart.complete(Thread.currentThread());
          return counters;
        },
        lost -> {});
    Connection session = connections.opened.join();
    connections.beforeNext =
        () -> {
          connections.given.complete(null);
          Wait.until("the beat is through", () -> !heart.join().isAlive());
          assertFalse(isClosed(session));
        };
    holding.end(RunState.SUCCEEDED, null, counters);
    holding.close();
    assertTrue(isClosed(session));
  }

  private static boolean isClosed(Connection session) {
    try {
      return session.isClosed();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
