package org.pgbackfill.load;

import java.util.Map;
import java.util.function.LongFunction;
import org.pgbackfill.ledger.Marks;
import org.pgbackfill.ledger.RunIds;

/**
 * The run that chunks are loaded for.
 *
 * @param name as a DBA sees it
 * @param ids it gives
 * @param place turns a record's number into file and line
 * @param marks what each transaction says of itself
 * @param before the run's transactions that are in already, with the last record of their chunk;
 *     empty when it is new
 */
public record LoadedRun(
    String name, RunIds ids, LongFunction<String> place, Marks marks, Map<Long, Long> before) {
  /** Copies the map. */
  public LoadedRun {
    before = Map.copyOf(before);
  }

  /** Where an earlier record stands, for a repeat of it. */
  String placeOf(long number) {
    return "as in " + place.apply(number);
  }

  boolean isResumed() {
    return !before.isEmpty();
  }
}
