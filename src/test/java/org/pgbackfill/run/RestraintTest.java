package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.pgbackfill.load.Sighting;

/** What no chunk waits for, the reader and reading the keys, is slowed down for others' sake. */
class RestraintTest {
  private final Stop stop = new Stop();

  private Restraint restraint(Map<Knob, Long> limits) {
    return new Restraint(new ThrottlePlan(limits, null, null), 10_000, stop, line -> {});
  }

  private static Duration time(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private static void read(Restraint restraint, int records) {
    for (int i = 0; i < records; i++) {
      restraint.read(() -> {});
    }
  }

  private static void assertAtLeast(long millis, Duration took) {
    assertTrue(took.toMillis() >= millis, took::toString);
  }

  @Test
  void theReaderGoesAtAlmostTheRate() {
    Restraint restraint = restraint(Map.of(Knob.MAX_RATE, 40_000L));
    // The first stretch of 50 goes at once; 19,950 more at 48,000 in a second.
    assertAtLeast(410, time(() -> read(restraint, 20_000)));
    Restraint slow = restraint(Map.of(Knob.MAX_RATE, 4_000L));
    assertAtLeast(400, time(() -> read(slow, 2_000)));
  }

  /** The control: stretches of 200 records would let 100 through at once. */
  @Test
  void theReaderRestsBehindAFewRecords() {
    Restraint restraint = restraint(Map.of(Knob.MAX_RATE, 4_000L));
    // The first 50 at once, the next 50 at 4,800 in a second.
    assertAtLeast(10, time(() -> read(restraint, 100)));
  }

  /** The control: without a limit nothing is looked up by the reader. */
  @Test
  void atALimitedRateTheRecordsOfEachStretchAreLookedUp() {
    AtomicInteger looks = new AtomicInteger();
    Restraint limited = restraint(Map.of(Knob.MAX_RATE, 50_000L));
    Restraint low = restraint(Map.of(Knob.MAX_RATE, 1L));
    Restraint free = restraint(Map.of());
    repeat(500, () -> limited.read(looks::incrementAndGet));
    assertEquals(10, looks.get());
    repeat(500, () -> low.read(looks::incrementAndGet));
    repeat(500, () -> free.read(looks::incrementAndGet));
    assertEquals(10, looks.get());
  }

  @Test
  void aRestIsTwiceAsLongAsTheWorkButNotForEver() {
    Restraint restraint = restraint(Map.of(Knob.MAX_RATE, 1L));
    assertAtLeast(40, time(() -> restraint.after(Duration.ofMillis(20))));
    Duration took = time(() -> restraint.after(Duration.ofHours(1)));
    assertAtLeast(100, took);
    assertTrue(took.toMinutes() < 1, took::toString);
  }

  /** The control: a million records at the rate above would take 22 seconds. */
  @Test
  void withoutALimitAndUnderALowOrAHugeOneTheReaderGoesOn() {
    Restraint free = restraint(Map.of());
    Restraint low = restraint(Map.of(Knob.MAX_RATE, 1L));
    Restraint high = restraint(Map.of(Knob.MAX_RATE, Long.MAX_VALUE));
    Duration took =
        time(
            () -> {
              read(free, 1_000_000);
              read(low, 1_000_000);
              read(high, 1_000_000);
              free.after(Duration.ofHours(1));
            });
    assertTrue(took.toSeconds() < 15, took::toString);
  }

  private static Sighting others(boolean work) {
    return new Sighting(Map.of(), null, 0, work, null, null);
  }

  /** How long the moments take behind 2 milliseconds of work each. */
  private static Duration moments(int times, Runnable moment) {
    Duration all = Duration.ZERO;
    for (int i = 0; i < times; i++) {
      long start = System.nanoTime();
      while (System.nanoTime() - start < 2_000_000) {
        Thread.onSpinWait();
      }
      all = all.plus(time(moment));
    }
    return all;
  }

  @Test
  void whereOthersAreAtWorkTheyHaveTheCoreNowAndThen() {
    Restraint restraint = restraint(Map.of());
    assertFalse(restraint.isGentle());
    restraint.see(others(true));
    restraint.see(new Sighting(Map.of(), null, 0, false, null, "57P03: starting up"));
    assertTrue(restraint.isGentle());
    // A hundred times 50 microseconds.
    assertAtLeast(5, moments(100, restraint::moment));
    assertAtLeast(5, moments(100, () -> read(restraint, 200)));
  }

  /** The control: a million moments would take 50 seconds, and a hundred take 5 milliseconds. */
  @Test
  void nobodyRestsMoreOftenOrWhereNobodyIsAtWorkAnyMore() {
    Restraint restraint = restraint(Map.of());
    restraint.see(others(true));
    Duration beside = time(() -> repeat(1_000_000, restraint::moment));
    assertTrue(beside.toSeconds() < 15, beside::toString);
    restraint.see(others(false));
    assertFalse(restraint.isGentle());
    // The shortest of some: a machine with other work to do takes its time now and then.
    long alone =
        IntStream.range(0, 5)
            .mapToLong(time -> moments(100, restraint::moment).toMillis())
            .min()
            .orElseThrow();
    assertTrue(alone < 5, () -> alone + " ms");
  }

  private static void repeat(int times, Runnable work) {
    for (int i = 0; i < times; i++) {
      work.run();
    }
  }

  @Test
  void aRateThatIsTunedHoldsForTheReaderAsWell() {
    Restraint restraint = restraint(Map.of());
    restraint.set(Knob.MAX_RATE, OptionalLong.of(40_000));
    assertAtLeast(410, time(() -> read(restraint, 20_000)));
  }
}
