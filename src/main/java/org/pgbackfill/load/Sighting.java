package org.pgbackfill.load;

import java.util.Map;

/**
 * What one look at the live server has shown.
 *
 * @param values the figures; one that is not there is unknown
 * @param waiting sessions that wait behind a lock of this run, however briefly; null when unknown
 * @param longestWaitMillis how long the first of them has waited; 0 where there is none
 * @param othersWork whether sessions of others are at work, or may be for all that is to be seen
 * @param query why the operator's query holds the load; null when it does not
 * @param fault why there was nothing to be seen; null when there was
 */
public record Sighting(
    Map<Gauge, Long> values,
    Long waiting,
    long longestWaitMillis,
    boolean othersWork,
    String query,
    String fault) {
  /** Copies the figures. */
  public Sighting {
    values = Map.copyOf(values);
  }

  static Sighting nothing(String fault) {
    return new Sighting(Map.of(), null, 0, false, null, fault);
  }
}
