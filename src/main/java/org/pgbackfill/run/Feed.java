package org.pgbackfill.run;

import java.util.List;
import java.util.function.Predicate;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.History;
import org.pgbackfill.ledger.Hold;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.Chunk;
import org.pgbackfill.load.Retries;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.Reject;
import org.pgbackfill.target.Row;

/**
 * Takes the records in input order, passes over those that are in, and deals the others to the
 * lanes, window by window. For one thread and one use.
 */
final class Feed {
  /**
   * Lanes need not wait at the start until a whole window is read: the first one has so many
   * records at most, and each after it as many as all before.
   */
  static final int FIRST_WINDOW = 10_000;

  private final RunPlan plan;
  private final Records records;
  private final Hold hold;
  private final History history;
  private final Counts counts;
  private final InputOrder order;
  private final Lanes lanes;
  private final Retries retries;
  private final Stop stop;
  private final Restraint restraint;
  private final Runnable look;
  private Window window;
  private long lastNumber;
  private History.Comparison comparison = History.Comparison.NEW;

  Feed(
      RunPlan plan,
      Records records,
      Hold hold,
      History history,
      Counts counts,
      InputOrder order,
      Lanes lanes,
      Retries retries,
      Stop stop,
      Restraint restraint,
      Predicate<Chunk> areThere) {
    this.plan = plan;
    this.records = records;
    this.hold = hold;
    this.history = history;
    this.counts = counts;
    this.order = order;
    this.lanes = lanes;
    this.retries = retries;
    this.stop = stop;
    this.restraint = restraint;
    this.look = () -> window.look(areThere);
  }

  void run() throws SourceException {
    window = newWindow();
    try {
      for (Checked checked = next(); checked != null; checked = next()) {
        add(checked);
        dealWhenDue(checked.record().number());
      }
    } catch (SourceException e) {
      // What was read before the file broke off is good.
      dealRest();
      throw e;
    }
    if (!stop.isRequested()) {
      history.compareEnd();
    }
    dealRest();
  }

  private Checked next() throws SourceException {
    Checked checked = stop.isRequested() ? null : records.next();
    if (checked != null) {
      lastNumber = checked.record().number();
      counts.see();
    }
    return checked;
  }

  /**
   * Input that can be read only once is compared with what came the first time before anything of
   * it is loaded: windows end where they did then.
   */
  private void dealWhenDue(long record) {
    comparison =
        records.isReadOnce()
            ? history.compare(record, records::checksumSoFar)
            : History.Comparison.NEW;
    if (comparison == History.Comparison.SAME
        || (comparison == History.Comparison.NEW && window.isFull())) {
      deal();
    }
  }

  private void dealRest() {
    if (comparison != History.Comparison.OPEN) {
      deal();
    }
  }

  private void add(Checked checked) {
    if (history.coversAny()
        && checked instanceof Row row
        && history.covers(row.lane(plan.threads()), row.record().number())) {
      Outcome outcome = before(row);
      settle(
          checked, outcome.kind() == Outcome.Kind.INSERTED ? Outcome.inserted(row.id()) : outcome);
    } else if (checked instanceof Reject reject) {
      settle(checked, Outcome.rejected(reject.reason()));
    } else {
      window.add(checked, null);
      restraint.read(look);
    }
  }

  private Outcome before(Row row) {
    return retries.ask(
        "pgbackfill ledger",
        () -> history.next(row.lane(plan.threads())),
        e ->
            new LedgerException(
                "the outcomes of run " + hold.name() + " can't be read: " + e.getMessage(), e));
  }

  private void settle(Checked checked, Outcome outcome) {
    counts.add(outcome);
    window.add(checked, outcome);
    plan.reporting().rejectLimit().check(counts, stop);
  }

  private void deal() {
    if (window.isEmpty()) {
      return;
    }
    if (records.isReadOnce()) {
      hold.checkpoint(lastNumber, records.checksumSoFar());
    }
    List<Window.Part> parts = window.deal();
    order.add(window);
    parts.forEach(lanes::give);
    window = newWindow();
  }

  private Window newWindow() {
    int most = restraint.pace().window(plan.threads());
    long first = Math.max(FIRST_WINDOW, counts.seen());
    return new Window((int) Math.min(first, most), most, plan.threads());
  }
}
