package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** How a limited rate slows down what no chunk waits for: the reader, and reading the keys. */
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
      restraint.read();
    }
  }

  private static void assertAtLeast(long millis, Duration took) {
    assertTrue(took.toMillis() >= millis, took::toString);
  }

  @Test
  void theReaderGoesAtAlmostTheRate() {
    Restraint restraint = restraint(Map.of(Knob.MAX_RATE, 40_000L));
    // The first stretch of 200 goes at once; 19,800 more at 44,000 in a second.
    assertAtLeast(440, time(() -> read(restraint, 20_000)));
  }

  @Test
  void aRestIsTwiceAsLongAsTheWorkButNotForEver() {
    Restraint restraint = restraint(Map.of(Knob.MAX_RATE, 1L));
    assertAtLeast(40, time(() -> restraint.rest(Duration.ofMillis(20))));
    Duration took = time(() -> restraint.rest(Duration.ofHours(1)));
    assertAtLeast(100, took);
    assertTrue(took.toMinutes() < 1, took::toString);
  }

  /** The control: a million records at the rate above would take 22 seconds. */
  @Test
  void withoutALimitAndUnderALowOneTheReaderGoesOn() {
    Restraint free = restraint(Map.of());
    Restraint low = restraint(Map.of(Knob.MAX_RATE, 1L));
    Duration took =
        time(
            () -> {
              read(free, 1_000_000);
              read(low, 1_000_000);
              free.rest(Duration.ofHours(1));
            });
    assertTrue(took.toSeconds() < 15, took::toString);
  }

  @Test
  void aRateThatIsTunedHoldsForTheReaderAsWell() {
    Restraint restraint = restraint(Map.of());
    restraint.set(Knob.MAX_RATE, OptionalLong.of(40_000));
    assertAtLeast(440, time(() -> read(restraint, 20_000)));
  }
}
