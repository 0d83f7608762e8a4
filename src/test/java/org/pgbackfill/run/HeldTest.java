package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgbackfill.load.Gauge;
import org.pgbackfill.load.Sighting;

/** What holds a load, by what looks have shown and a clock of the test's. */
class HeldTest {
  private final Stop stop = new Stop();
  private final List<String> notices = new ArrayList<>();
  private long nanos;

  private Throttle throttle(Map<Knob, Long> limits, String query) {
    ThrottlePlan plan = new ThrottlePlan(limits, query, null);
    return new Throttle(plan, new Rate(null, () -> nanos), stop, notices::add, () -> nanos);
  }

  private static Sighting seen(Map<Gauge, Long> values) {
    return new Sighting(values, 3L, 1_500, false, null, null);
  }

  private static Sighting blind() {
    return new Sighting(Map.of(), null, 0, false, null, "57P03: starting up");
  }

  private void pass(long seconds) {
    nanos += Duration.ofSeconds(seconds).toNanos();
  }

  /** Retries at the run's end would wait for ever for somebody to unpause it. */
  @Test
  void behindTheLastLookNothingHoldsThoughOneComesLate() {
    Throttle throttle = throttle(Map.of(), null);
    throttle.pause("somebody");
    assertTrue(throttle.isHeldByHand());
    throttle.letGo();
    throttle.see(seen(Map.of()));
    assertFalse(throttle.isHeldByHand());
  }

  @Test
  void whatCantBeSeenHoldsTheLoadThatIsToGoByIt() {
    Throttle throttle = throttle(Map.of(Knob.MAX_LAG, 5_000L), "SELECT false");
    throttle.see(blind());
    assertEquals(
        "held: lag unknown: the server can't be asked: 57P03: starting up, query unknown: the"
            + " server can't be asked: 57P03: starting up, lag unknown of 5.0 s",
        throttle.status());
    throttle.see(seen(Map.of(Gauge.LAG, 4_900L)));
    assertEquals("lag 4.9 s of 5.0 s", throttle.status());
    assertTrue(throttle.pass(1));
  }

  @Test
  void whatNobodyAskedForHoldsOnlyWhereItIsSeen() {
    Throttle throttle = throttle(Map.of(), null);
    assertTrue(throttle.pass(1), "nobody has looked yet");
    throttle.see(blind());
    assertTrue(throttle.pass(1));
    assertNull(throttle.mostWaiting());
    assertNull(throttle.mostLag());
    throttle.see(seen(Map.of(Gauge.LOCK_WAITERS, 1L)));
    assertEquals("held: lock waiters 1 > 0", throttle.status());
    assertEquals(3, throttle.mostWaiting());
    stop.request(Stop.Reason.INTERRUPTED);
    assertFalse(throttle.pass(1), "a held load stops");
  }

  @Test
  void timeIsCountedByReasonAndOnceAltogether() {
    Throttle throttle = throttle(Map.of(Knob.MAX_ACTIVE, 2L), null);
    throttle.see(seen(Map.of(Gauge.ACTIVE, 3L)));
    pass(10);
    throttle.pause("somebody");
    pass(5);
    throttle.see(seen(Map.of(Gauge.ACTIVE, 2L)));
    pass(5);
    throttle.unpause();
    pass(60);
    assertEquals(
        Map.of(
            Throttle.Reason.ACTIVE,
            Duration.ofSeconds(15),
            Throttle.Reason.PAUSE,
            Duration.ofSeconds(10)),
        throttle.heldByReason());
    assertEquals(Duration.ofSeconds(20), throttle.heldAltogether());
    assertEquals(
        List.of(
            "held: active sessions 3 > 2",
            "held: active sessions 3 > 2, paused by somebody",
            "held: paused by somebody",
            "goes on; held for 20.0 s so far"),
        notices);
  }

  @Test
  void whatIsSetAnewHoldsFromTheNextLookOn() {
    Throttle throttle = throttle(Map.of(Knob.MAX_LAG, 5_000L), null);
    throttle.see(seen(Map.of(Gauge.LAG, 9_000L)));
    assertEquals("held: lag 9.0 s > 5.0 s, lag 9.0 s of 5.0 s", throttle.status());
    for (var setting : Knob.parse("max-lag=none max-active=4").entrySet()) {
      throttle.set(setting.getKey(), setting.getValue());
    }
    throttle.see(seen(Map.of(Gauge.LAG, 9_000L, Gauge.ACTIVE, 4L)));
    assertEquals("active sessions 4 of 4", throttle.status());
  }
}
