package org.pgbackfill.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for a condition, never for a time. */
public final class Wait {
  /** Far more than a slow machine needs: who waits so long waits in vain. */
  static final Duration BOUND = Duration.ofSeconds(60);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

  private Wait() {}

  /**
   * Returns as soon as the condition holds.
   *
   * @param what is expected, for the failure's message
   * @param condition is asked again and again
   */
  public static void until(String what, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > BOUND.toNanos()) {
        throw new AssertionError("after " + BOUND.toSeconds() + " s still not: " + what);
      }
      try {
        TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting: " + what, e);
      }
    }
  }
}
