package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Limits;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/** A gentle run's sessions end one after the other; any other's all at once. */
@Tag("database")
class LeaveTest {
  private static final int SESSIONS = 3;

  private final TestDatabase where = TestServer.shared().database();
  private final Stop stop = new Stop();
  private final Restraint restraint =
      new Restraint(new ThrottlePlan(Map.of(), null, null), 10_000, stop, line -> {});
  private Database database;
  private String pids;

  @BeforeEach
  void open() throws SQLException {
    ConnectionSpec spec =
        ConnectionSpec.resolve(
            new ConnectionSpec.Given(
                "localhost",
                Integer.toString(where.server().port()),
                "postgres",
                where.name(),
                null),
            Map.of(),
            new Properties());
    database = Database.open(spec, Limits.all(Duration.ofMinutes(1)), SESSIONS - 1);
    List<Connection> all = new ArrayList<>();
    List<Integer> each = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      Connection connection = database.begin("leaves");
      all.add(connection);
      try (var statement = connection.createStatement();
          var result = statement.executeQuery("SELECT pg_backend_pid()")) {
        result.next();
        each.add(result.getInt(1));
      }
      connection.commit();
    }
    for (Connection connection : all) {
      connection.close();
    }
    pids = each.stream().map(String::valueOf).collect(Collectors.joining(","));
    assertEquals(SESSIONS, alive());
  }

  @AfterEach
  void close() {
    database.close();
    awaitAlive(0);
  }

  private long alive() {
    return where.number("SELECT count(*) FROM pg_stat_activity WHERE pid IN (" + pids + ")");
  }

  private void awaitAlive(long sessions) {
    Wait.until(sessions + " are left", () -> alive() == sessions);
  }

  private Duration leave(Duration ran) {
    long start = System.nanoTime();
    restraint.leave(database, ran);
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void eachRestIsBetweenTwoEnds() {
    List<Long> left = new ArrayList<>();
    database.endOneByOne(
        () -> {
          awaitAlive(SESSIONS - left.size());
          left.add(alive());
          return true;
        });
    assertEquals(List.of(3L, 2L, 1L), left);
    awaitAlive(0);
  }

  @Test
  void whereTheRateIsLimitedThereIsARestAtEachEndAndBeforeTheProcessEnds() {
    restraint.set(Knob.MAX_RATE, OptionalLong.of(1_000));
    Duration took = leave(Duration.ofMinutes(1));
    assertTrue(took.toMillis() >= (SESSIONS + 1) * 60, took::toString);
    awaitAlive(0);
  }

  /** The control of the rests: a fiftieth of an hour would be 72 seconds. */
  @Test
  void aRestIsNotLongerThanNeeded() {
    restraint.set(Knob.MAX_RATE, OptionalLong.of(1_000));
    Duration took = leave(Duration.ofHours(1));
    assertTrue(took.toSeconds() < 15, took::toString);
  }

  /** The controls: what is not gentle, and what is asked to stop, leaves all to the close. */
  @Test
  void nobodyRestsAloneOrWhereSomebodyWaitsForTheEnd() {
    var unused = leave(Duration.ofMinutes(1));
    assertEquals(SESSIONS, alive());
    restraint.set(Knob.MAX_RATE, OptionalLong.of(1_000));
    stop.request(Stop.Reason.INTERRUPTED);
    var unused2 = leave(Duration.ofMinutes(1));
    assertEquals(SESSIONS, alive());
  }
}
