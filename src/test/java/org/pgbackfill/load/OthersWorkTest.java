package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/** Whether anybody else is at work on the server; nobody but this test is on this one. */
@Tag("database")
class OthersWorkTest {
  private static final String RUN = "nightly";

  private static TestServer server;

  private final TestDatabase where = server.database();
  private Database database;
  private LiveSystem live;

  @BeforeAll
  static void start() {
    server = TestServer.start(Map.of());
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @BeforeEach
  void open() {
    open("postgres");
  }

  private void open(String role) {
    database = Database.open(TestRun.spec(where, role), TestRun.LIMITS, 1);
    live = new LiveSystem(database, RUN);
  }

  @AfterEach
  void close() {
    live.close();
    database.close();
  }

  /** What the run sees at its start, and what it sees meanwhile: the same. */
  private boolean othersWork() {
    boolean atStart = LiveSystem.othersWork(database, RUN);
    Sighting seen = live.look(Set.of(), null);
    assertNull(seen.fault());
    return atStart && seen.othersWork();
  }

  private void awaitRest() {
    Wait.until(
        "nobody is at work",
        () -> !LiveSystem.othersWork(database, RUN) && !live.look(Set.of(), null).othersWork());
  }

  @Test
  void whoHasJustWorkedOrIsBusyIsAtWork() {
    try (Session other = Session.open(where)) {
      other.run("SELECT 1").commit();
      assertTrue(othersWork(), "a moment ago");
      awaitRest();
      Background<String> busy = Background.start(() -> other.attempt("SELECT pg_sleep(2)"));
      Wait.until("busy", this::othersWork);
      assertNull(busy.join());
      awaitRest();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pgbackfill",
        "pgbackfill keys",
        "pgbackfill ledger",
        "pgbackfill heartbeat",
        "pgbackfill nightly lane-1"
      })
  void theRunItselfIsNobodyElse(String name) {
    awaitRest();
    try (Session own = Session.open(where)) {
      own.run("SET application_name = '" + name + "'");
      assertFalse(LiveSystem.othersWork(database, RUN));
      assertFalse(live.look(Set.of(), null).othersWork());
      Background<String> busy = Background.start(() -> own.attempt("SELECT pg_sleep(600)"));
      String sleeping =
          "FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'";
      Wait.until("busy", () -> where.number("SELECT count(*) " + sleeping) == 1);
      awaitRest();
      assertEquals(0, live.look(Set.of(Gauge.ACTIVE), null).values().get(Gauge.ACTIVE));
      assertEquals(1, where.number("SELECT count(pg_cancel_backend(pid)) " + sleeping));
      assertEquals("57014", busy.join());
    }
  }

  @Test
  void anotherRunIsAnother() {
    awaitRest();
    try (Session other = Session.open(where)) {
      other.run("SET application_name = 'pgbackfill weekly lane-1'");
      assertTrue(othersWork());
    }
  }

  @Test
  void whoCanNotBeSeenIsAtWork() {
    var unused = where.run("CREATE ROLE loader LOGIN");
    try (Session other = Session.open(where)) {
      other.run("SELECT 1").commit();
      awaitRest();
      live.close();
      database.close();
      open("loader");
      assertTrue(othersWork());
    }
    // The control: without the session nobody is there who could be.
    Wait.until("nobody is there", () -> !LiveSystem.othersWork(database, RUN));
  }
}
