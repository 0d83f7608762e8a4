package org.pgbackfill.ledger;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** How many records of a run came to which outcome. Safe between threads. */
public final class Counts {
  private final Map<Outcome.Kind, LongAdder> byKind = new EnumMap<>(Outcome.Kind.class);

  private final AtomicLong seen = new AtomicLong();

  /** Starts at nothing. */
  public Counts() {
    for (Outcome.Kind kind : Outcome.Kind.values()) {
      byKind.put(kind, new LongAdder());
    }
  }

  /** Counts one record that was read, and has no outcome yet. For one thread, the reader. */
  public void see() {
    seen.setOpaque(seen.getPlain() + 1);
  }

  /**
   * How many records were read, with an outcome or on their way to one.
   *
   * @return 0 and more
   */
  public long seen() {
    return seen.get();
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
   * Counts many.
   *
   * @param outcomes what became of each
   */
  public void add(List<Outcome> outcomes) {
    // Neighbours mostly came to the same.
    int from = 0;
    for (int i = 1; i <= outcomes.size(); i++) {
      if (i == outcomes.size() || outcomes.get(i).kind() != outcomes.get(from).kind()) {
        byKind.get(outcomes.get(from).kind()).add((long) i - from);
        from = i;
      }
    }
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
