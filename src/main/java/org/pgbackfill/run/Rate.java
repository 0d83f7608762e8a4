package org.pgbackfill.run;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Lets so many records through in a second, over all lanes: a bucket that nothing is saved up in,
 * so that a load that was held does not come back as a wave. A chunk goes as soon as those before
 * it are paid for. Safe between threads.
 */
final class Rate {
  private static final double NANOS = Duration.ofSeconds(1).toNanos();

  private final LongSupplier clock;
  private Long perSecond;

  /** When what was let through is paid for. */
  private long paid;

  /**
   * Begins with nothing to be paid for.
   *
   * @param perSecond null for no limit
   * @param clock nanoseconds
   */
  Rate(Long perSecond, LongSupplier clock) {
    this.perSecond = perSecond;
    this.clock = clock;
    this.paid = clock.getAsLong();
  }

  /** What is owed stays as many records, now at the new rate. */
  synchronized void set(Long newPerSecond) {
    long now = clock.getAsLong();
    long owed = Math.max(0, paid - now);
    boolean both = perSecond != null && newPerSecond != null;
    paid = now + (both ? (long) (owed * (perSecond / (double) newPerSecond)) : 0);
    perSecond = newPerSecond;
  }

  /** Null for no limit. */
  synchronized Long perSecond() {
    return perSecond;
  }

  /** Takes so many, or takes none and says how long to wait before asking again. */
  synchronized Duration take(int records) {
    if (perSecond == null) {
      return Duration.ZERO;
    }
    long now = clock.getAsLong();
    if (paid > now) {
      return Duration.ofNanos(paid - now);
    }
    paid = now + (long) (records * (NANOS / perSecond));
    return Duration.ZERO;
  }
}
