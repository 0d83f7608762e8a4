package org.pgbackfill.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.report.Reports;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.RecordCodec;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SpillSort;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.LockOrder;
import org.pgbackfill.target.Reject;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * An export on its way through a dry run: sorted by key, where its repeats are neighbours and the
 * table is asked for batch by batch, and sorted back where outcomes are wanted in input order. What
 * memory does not hold goes through files. For one use, and one thread at a time.
 *
 * <p>Of jobs that bring ids a record can be the same as another by its key or by its id. Keys are
 * settled first; an export that has one id under two keys, which no table can have, may be foreseen
 * a little wrong.
 */
final class DryPass implements AutoCloseable {
  /** Asks the table for the rows that stand for these. */
  interface Question {
    /** One id for each row; null where there is none. */
    List<UUID> find(List<Row> rows);
  }

  /** Foresees what becomes of rows where a run may change those that are there. */
  interface Changes {
    /**
     * One outcome for each row.
     *
     * @param rows those of one key together and in input order; they follow on those of the last
     *     call
     */
    List<Outcome> foresee(List<Row> rows);
  }

  private final RunPlan plan;
  private final CsvSource source;
  private final Target target;
  private final Counts counts;
  private final Reports reports;
  private final Question question;

  /** Null where rows that are there stay as they are. */
  private final Changes changes;

  private final SpillSort byKey = new SpillSort(VerifyPlan.usualSortMemoryBytes());
  private final SpillSort byId = new SpillSort(VerifyPlan.usualSortMemoryBytes());

  /** Null where nobody wants to know the outcome of each. */
  private final SpillSort inOrder;

  DryPass(
      RunPlan plan,
      CsvSource source,
      Target target,
      Counts counts,
      Reports reports,
      Question question,
      Changes changes) {
    this.plan = plan;
    this.source = source;
    this.target = target;
    this.counts = counts;
    this.reports = reports;
    this.question = question;
    this.changes = changes;
    this.inOrder =
        plan.reporting().outcomes() == null
            ? null
            : new SpillSort(VerifyPlan.usualSortMemoryBytes());
  }

  static List<UUID> nothing(List<Row> rows) {
    return Collections.nCopies(rows.size(), null);
  }

  /** Reads and checks all, whatever the limit of rejects says. */
  void read(Stop stop, Stop limit) throws SourceException {
    for (CsvRecord record = source.next();
        record != null && !stop.isRequested();
        record = source.next()) {
      counts.see();
      sort(target.check(record, number -> Outcome.UNKNOWN_ID));
      plan.reporting().rejectLimit().check(counts, limit);
    }
  }

  private void sort(Checked checked) {
    if (checked instanceof Reject reject) {
      settle(reject, Outcome.rejected(reject.reason()));
    } else if (checked instanceof Row row && row.keyed()) {
      byKey.add(LockOrder.keyBytes(row), RecordCodec.encode(row.record()));
    } else if (checked instanceof Row row && row.idGiven()) {
      byId.add(LockOrder.idBytes(row), RecordCodec.encode(row.record()));
    } else {
      settle(checked, Outcome.inserted(Outcome.UNKNOWN_ID));
    }
  }

  private void settle(Checked checked, Outcome outcome) {
    counts.add(outcome);
    if (inOrder != null) {
      Foreseen foreseen = new Foreseen(checked.record(), outcome);
      inOrder.add(foreseen.key(), foreseen.value());
    } else if (outcome.kind() == Outcome.Kind.REJECTED) {
      reports.add(checked.record(), checked::shownKey, outcome);
    }
  }

  /** Foresees the outcome of all that the checks let pass. */
  void settle(Stop stop) {
    new Groups(byKey, target.lockOrder() == LockOrder.JOBS).settle(stop);
    new Groups(byId, false).settle(stop);
  }

  /** Records that are the same, as neighbours; the first that is not there would be inserted. */
  private final class Groups {
    private final SpillSort sort;
    private final boolean idsDecide;
    private final Batch batch = Batch.usual();
    private final List<byte[]> keys = new ArrayList<>();
    private byte[] group;
    private Row leader;

    /**
     * Of one sort.
     *
     * @param idsDecide whether a row that brings its id has still to be compared by that
     */
    Groups(SpillSort sort, boolean idsDecide) {
      this.sort = sort;
      this.idsDecide = idsDecide;
    }

    void settle(Stop stop) {
      SpillSort.Entries entries = sort.sorted();
      for (SpillSort.Entry entry = entries.next();
          entry != null && !stop.isRequested();
          entry = entries.next()) {
        CsvRecord record = RecordCodec.decode(entry.value(), source.files());
        batch.add((Row) target.check(record, number -> Outcome.UNKNOWN_ID));
        keys.add(entry.key());
        if (batch.isFull()) {
          settleBatch();
        }
      }
      if (!keys.isEmpty() && !stop.isRequested()) {
        settleBatch();
      }
    }

    private void settleBatch() {
      List<Row> rows = batch.take();
      if (changes == null) {
        settleByLeaders(rows);
      } else {
        List<Outcome> outcomes = changes.foresee(rows);
        for (int i = 0; i < rows.size(); i++) {
          DryPass.this.settle(rows.get(i), outcomes.get(i));
        }
      }
      keys.clear();
    }

    private void settleByLeaders(List<Row> rows) {
      List<UUID> found = question.find(rows);
      for (int i = 0; i < rows.size(); i++) {
        if (!Arrays.equals(keys.get(i), group)) {
          group = keys.get(i);
          leader = null;
        }
        settle(rows.get(i), found.get(i));
      }
    }

    private void settle(Row row, UUID found) {
      if (leader != null) {
        DryPass.this.settle(
            row, Outcome.duplicate(shownId(leader), "as in " + leader.record().place()));
      } else if (found != null) {
        DryPass.this.settle(row, Outcome.existing(found));
      } else {
        leader = row;
        if (idsDecide && row.idGiven()) {
          byId.add(LockOrder.idBytes(row), RecordCodec.encode(row.record()));
        } else {
          DryPass.this.settle(row, Outcome.inserted(shownId(row)));
        }
      }
    }

    private static UUID shownId(Row row) {
      return row.idGiven() ? row.id() : Outcome.UNKNOWN_ID;
    }
  }

  /** Tells the outcomes in input order, where they are wanted, and ends the reports. */
  void tell(Stop stop) {
    if (inOrder != null) {
      SpillSort.Entries entries = inOrder.sorted();
      for (SpillSort.Entry entry = entries.next();
          entry != null && !stop.isRequested();
          entry = entries.next()) {
        Foreseen foreseen = Foreseen.read(entry.value(), source.files());
        Checked checked = target.check(foreseen.record(), number -> Outcome.UNKNOWN_ID);
        reports.add(foreseen.record(), checked::shownKey, foreseen.outcome());
      }
    }
    reports.close();
  }

  @Override
  public void close() {
    byKey.close();
    byId.close();
    if (inOrder != null) {
      inOrder.close();
    }
  }
}
