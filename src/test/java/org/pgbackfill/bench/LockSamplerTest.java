package org.pgbackfill.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** A bench that says nobody waits must be able to see who does. */
@Tag("database")
class LockSamplerTest {
  private final TestDatabase database =
      TestServer.shared().database().run("CREATE TABLE t (i int); INSERT INTO t VALUES (1)");

  private String sampled() throws SQLException, InterruptedException {
    try (Connection connection = database.connect()) {
      LockSampler sampler = new LockSampler(connection);
      var unused = sampler.run(() -> true);
      return sampler.json();
    }
  }

  private String sampledWhile(String name, String holder)
      throws SQLException, InterruptedException {
    try (Session other = Session.open(database);
        Session waiter = Session.open(database)) {
      waiter.run("SET application_name = '" + name + "'");
      other.run("SET application_name = '" + holder + "'").run("UPDATE t SET i = 2");
      Background<String> waiting = Background.start(() -> waiter.attempt("UPDATE t SET i = 3"));
      other.awaitBlocked(1);
      String sampled = sampled();
      other.rollback();
      waiting.join();
      return sampled;
    }
  }

  @Test
  void nobodyWaitsWhereNobodyHoldsALock() throws Exception {
    assertEquals(
        "\"samples\": 1, \"waiting\": 0, \"waiting_for_ours\": 0, \"waiting_for_room\": 0,"
            + " \"most_waiting\": 0",
        sampled());
  }

  @Test
  void whoWaitsForALoaderIsToldFromWhoWaitsForOthers() throws Exception {
    assertEquals(
        "\"samples\": 1, \"waiting\": 1, \"waiting_for_ours\": 1, \"waiting_for_room\": 0,"
            + " \"most_waiting\": 1",
        sampledWhile(Foreground.NAME, "pgbackfill nightly lane-3"));
    assertEquals(
        "\"samples\": 1, \"waiting\": 1, \"waiting_for_ours\": 0, \"waiting_for_room\": 0,"
            + " \"most_waiting\": 1",
        sampledWhile(Foreground.NAME, "somebody"));
  }

  @Test
  void lanesThatWaitForEachOtherAreNotTold() throws Exception {
    assertEquals(
        "\"samples\": 1, \"waiting\": 0, \"waiting_for_ours\": 0, \"waiting_for_room\": 0,"
            + " \"most_waiting\": 0",
        sampledWhile("pgbackfill nightly lane-0", "pgbackfill nightly lane-1"));
  }
}
