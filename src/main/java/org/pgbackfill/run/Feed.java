package org.pgbackfill.run;

import java.util.List;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.History;
import org.pgbackfill.ledger.Hold;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.Reject;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * Reads and checks the records in input order, passes over those that are in, and deals the others
 * to the lanes, window by window. For one thread and one use.
 */
final class Feed {
  private final RunPlan plan;
  private final CsvSource source;
  private final Target target;
  private final Hold hold;
  private final History history;
  private final Counts counts;
  private final InputOrder order;
  private final Lanes lanes;
  private final Stop stop;
  private Window window;

  Feed(
      RunPlan plan,
      CsvSource source,
      Target target,
      Hold hold,
      History history,
      Counts counts,
      InputOrder order,
      Lanes lanes,
      Stop stop) {
    this.plan = plan;
    this.source = source;
    this.target = target;
    this.hold = hold;
    this.history = history;
    this.counts = counts;
    this.order = order;
    this.lanes = lanes;
    this.stop = stop;
  }

  void run() throws SourceException {
    window = new Window(plan.windowRecords());
    try {
      for (CsvRecord record = next(); record != null; record = next()) {
        add(target.check(record, hold.ids().id(record.number())));
        if (source.isReadOnce() && history.comparesBehind(record.number() - 1)) {
          dealWhatIsProvenSame(record.number());
        } else if (window.isFull()) {
          deal(record.number());
        }
      }
    } finally {
      // Also when the file breaks off: what was read before is good.
      deal(lastNumber);
    }
  }

  private long lastNumber;

  private CsvRecord next() throws SourceException {
    CsvRecord record = stop.isRequested() ? null : source.next();
    if (record != null) {
      lastNumber = record.number();
      counts.see();
    }
    return record;
  }

  private void add(Checked checked) {
    if (checked instanceof Row row
        && history.covers(row.lane(plan.threads()), row.record().number())) {
      Outcome outcome = history.next(row.lane(plan.threads()));
      settle(
          checked, outcome.kind() == Outcome.Kind.INSERTED ? Outcome.inserted(row.id()) : outcome);
    } else if (checked instanceof Reject reject) {
      settle(checked, Outcome.rejected(reject.reason()));
    } else {
      window.add(checked, null);
    }
  }

  private void settle(Checked checked, Outcome outcome) {
    counts.add(outcome);
    window.add(checked, outcome);
    plan.reporting().rejectLimit().check(counts, stop);
  }

  /**
   * Input that can be read only once is compared before anything of it is loaded: here windows end
   * where they did.
   */
  private void dealWhatIsProvenSame(long record) {
    if (history.comparesAt(record)) {
      history.verify(record, source.hashSoFar());
      deal(record);
    }
  }

  private void deal(long lastRecord) {
    if (window.isEmpty()) {
      return;
    }
    if (source.isReadOnce()) {
      hold.checkpoint(lastRecord, source.hashSoFar());
    }
    List<Window.Part> parts = window.deal(plan.threads(), plan.chunkSize());
    order.add(window);
    parts.forEach(lanes::give);
    window = new Window(plan.windowRecords());
  }
}
