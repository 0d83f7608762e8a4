package org.pgbackfill.run;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.pgbackfill.load.Gauge;

/**
 * What a run holds back for.
 *
 * @param limits what the operator has set, each in its knob's unit
 * @param query holds the load while it gives true; null for none
 * @param file holds the load while it is there; null for none
 */
public record ThrottlePlan(Map<Knob, Long> limits, String query, Path file) {
  /** Refuses nonsense before the first record. */
  public ThrottlePlan {
    limits = Map.copyOf(limits);
    limits.forEach(Knob::check);
    if (query != null && query.isBlank()) {
      throw new IllegalArgumentException(
          "--throttle-query is empty; expected a query that gives one boolean");
    }
  }

  /** The figures that were asked for. */
  Set<Gauge> gauges() {
    Set<Gauge> gauges = EnumSet.noneOf(Gauge.class);
    limits.keySet().stream()
        .filter(knob -> knob.gauge() != null)
        .forEach(knob -> gauges.add(knob.gauge()));
    return gauges;
  }

  /** Whether the first chunk has to wait for the first look. */
  boolean looksFirst() {
    return query != null || file != null || !gauges().isEmpty();
  }
}
