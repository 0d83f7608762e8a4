package org.pgbackfill.load;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.TargetTable.Found;
import org.pgbackfill.target.Row;

/** Tells the run's own rows from others'. Safe between threads. */
final class OwnRows {
  /** xmin has the low 32 bits of a transaction's number. */
  private static final long XMIN = 0xFFFFFFFFL;

  private final LoadedRun run;

  /** The run's transactions as xmin shows them. */
  private final Set<Long> transactions = ConcurrentHashMap.newKeySet();

  OwnRows(LoadedRun run) {
    this.run = run;
    run.before().forEach(transaction -> transactions.add(transaction & XMIN));
  }

  /**
   * Before the commit: its end may never be known, and its rows must be recognised all the same.
   *
   * @param mine the chunk's transactions
   */
  void remember(long transaction, Set<Long> mine) {
    if (transaction != 0) {
      mine.add(transaction & XMIN);
      transactions.add(transaction & XMIN);
    }
  }

  /**
   * What a row that is there says of the record: this very record's, from an attempt whose end was
   * not known; an earlier record's of this run; or another's.
   */
  Outcome outcome(Row row, Found found, Set<Long> mine) {
    return isOf(row, found, mine) ? Outcome.inserted(found.id()) : outcome(found);
  }

  /** Whether the very record has inserted the row. */
  boolean isOf(Row row, Found found, Set<Long> mine) {
    if (row.idGiven()) {
      return found.id().equals(row.id()) && mine.contains(found.transaction());
    }
    // The id's time may be another one: it tells when the row was sent.
    return run.ids().gave(found.id()) && run.ids().number(found.id()) == row.record().number();
  }

  /** What the row says of a record that has not inserted it. */
  Outcome outcome(Found found) {
    if (run.ids().gave(found.id())) {
      return Outcome.duplicate(found.id(), run.placeOf(run.ids().number(found.id())));
    }
    return transactions.contains(found.transaction())
        ? Outcome.duplicate(found.id(), null)
        : Outcome.existing(found.id());
  }
}
