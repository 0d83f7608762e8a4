package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** So many records in a second, by a clock of the test's. */
class RateTest {
  private long nanos;

  private Rate rate(Long perSecond) {
    return new Rate(perSecond, () -> nanos);
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  @Test
  void aChunkGoesWhenThoseBeforeItArePaidFor() {
    Rate rate = rate(100L);
    assertEquals(Duration.ZERO, rate.take(50));
    assertEquals(Duration.ofMillis(500), rate.take(1));
    pass(Duration.ofMillis(499));
    assertEquals(Duration.ofMillis(1), rate.take(1), "asking takes nothing");
    pass(Duration.ofMillis(1));
    assertEquals(Duration.ZERO, rate.take(1));
    assertEquals(Duration.ofMillis(10), rate.take(1));
  }

  @Test
  void nothingIsSavedUpWhileNobodyAsks() {
    Rate rate = rate(100L);
    pass(Duration.ofHours(1));
    assertEquals(Duration.ZERO, rate.take(100));
    assertEquals(Duration.ofSeconds(1), rate.take(1));
  }

  @Test
  void overALongTimeItIsTheRate() {
    Rate rate = rate(1_000L);
    long through = 0;
    while (nanos < Duration.ofMinutes(1).toNanos()) {
      Duration wait = rate.take(37);
      through += wait.isZero() ? 37 : 0;
      pass(wait);
    }
    assertEquals(60_000.0, (double) through, 37.0);
  }

  @Test
  void aNewRateHoldsForWhatIsOwedAsWell() {
    Rate rate = rate(1L);
    assertEquals(Duration.ZERO, rate.take(100));
    assertEquals(Duration.ofSeconds(100), rate.take(1));
    rate.set(50L);
    assertEquals(Duration.ofSeconds(2), rate.take(1));
    rate.set(null);
    assertEquals(Duration.ZERO, rate.take(1_000_000));
    rate.set(10L);
    assertEquals(Duration.ZERO, rate.take(10));
    assertEquals(Duration.ofSeconds(1), rate.take(10));
  }
}
