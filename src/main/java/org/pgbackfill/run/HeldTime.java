package org.pgbackfill.run;

import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** How long a load was held, by reason and altogether. For callers that take turns. */
final class HeldTime {
  private final LongSupplier clock;
  private final Map<Throttle.Reason, Long> since = new EnumMap<>(Throttle.Reason.class);
  private final Map<Throttle.Reason, Long> nanos = new EnumMap<>(Throttle.Reason.class);
  private long anySince;
  private long anyNanos;

  HeldTime(LongSupplier clock) {
    this.clock = clock;
  }

  /** These hold from now on, and no others. */
  void set(Set<Throttle.Reason> holding) {
    long now = clock.getAsLong();
    if (since.isEmpty() && !holding.isEmpty()) {
      anySince = now;
    } else if (!since.isEmpty() && holding.isEmpty()) {
      anyNanos += now - anySince;
    }
    for (Throttle.Reason reason : Throttle.Reason.values()) {
      if (holding.contains(reason)) {
        since.putIfAbsent(reason, now);
      } else if (since.containsKey(reason)) {
        nanos.merge(reason, now - since.remove(reason), Long::sum);
      }
    }
  }

  /** Those that hold now. */
  Set<Throttle.Reason> holding() {
    return since.isEmpty() ? Set.of() : EnumSet.copyOf(since.keySet());
  }

  /** How long the load was held; reasons that hold together count once. */
  Duration altogether() {
    long now = clock.getAsLong();
    return Duration.ofNanos(anyNanos + (since.isEmpty() ? 0 : now - anySince));
  }

  /** By reason, those that held at all. */
  Map<Throttle.Reason, Duration> byReason() {
    long now = clock.getAsLong();
    Map<Throttle.Reason, Duration> all = new EnumMap<>(Throttle.Reason.class);
    nanos.forEach((reason, time) -> all.put(reason, Duration.ofNanos(time)));
    since.forEach(
        (reason, from) -> all.merge(reason, Duration.ofNanos(now - from), Duration::plus));
    return all;
  }
}
