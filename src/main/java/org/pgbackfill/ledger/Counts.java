package org.pgbackfill.ledger;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** How many records of a run came to which outcome. Safe between threads. */
public final class Counts {
  private final Map<Outcome.Kind, LongAdder> byKind = new EnumMap<>(Outcome.Kind.class);

  private final LongAdder seen = new LongAdder();

  /** Starts at nothing. */
  public Counts() {
    for (Outcome.Kind kind : Outcome.Kind.values()) {
      byKind.put(kind, new LongAdder());
    }
  }

  /** Counts one record that was read, and has no outcome yet. */
  public void see() {
    seen.increment();
  }

  /**
   * How many records were read, with an outcome or on their way to one.
   *
   * @return 0 and more
   */
  public long seen() {
    return seen.sum();
  }

  /**
   * Counts one record.
   *
   * @param outcome what became of it
   */
  public void add(Outcome outcome) {
    byKind.get(outcome.kind()).increment();
  }

  /**
   * How many records have this outcome.
   *
   * @param kind which
   * @return 0 and more
   */
  public long of(Outcome.Kind kind) {
    return byKind.get(kind).sum();
  }

  /**
   * How many records have an outcome.
   *
   * @return the sum of all kinds
   */
  public long read() {
    return byKind.values().stream().mapToLong(LongAdder::sum).sum();
  }
}
