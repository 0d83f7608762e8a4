package org.pgbackfill.load;

import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.pgbackfill.ledger.Marks;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.target.Row;

/**
 * The run that chunks are loaded for.
 *
 * @param name as a DBA sees it
 * @param ids it gives
 * @param place turns a record's number into file and line
 * @param marks what each transaction says of itself
 * @param before the run's transactions that are in already; empty when it is new
 * @param settled what became of records of chunks that are in by a part; a new row's id is nil
 */
public record LoadedRun(
    String name,
    RunIds ids,
    LongFunction<String> place,
    Marks marks,
    Set<Long> before,
    Map<Long, Outcome> settled) {
  /** Copies both. */
  public LoadedRun {
    before = Set.copyOf(before);
    settled = Map.copyOf(settled);
  }

  /** What became of the row's record in a part of its chunk that is in; null where nobody knows. */
  Outcome settled(Row row) {
    Outcome outcome = settled.get(row.record().number());
    return outcome != null && outcome.kind() == Outcome.Kind.INSERTED
        ? Outcome.inserted(row.id())
        : outcome;
  }

  /** Where an earlier record stands, for a repeat of it. */
  String placeOf(long number) {
    return "as in " + place.apply(number);
  }
}
