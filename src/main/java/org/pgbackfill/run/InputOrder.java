package org.pgbackfill.run;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.report.Reports;
import org.pgbackfill.target.Checked;

/**
 * Tells the outcomes in the order of the input, whatever the lanes did. Safe between threads; what
 * waits is bounded by the lanes' queues, for a lane that is behind holds up the dealing of further
 * windows.
 */
final class InputOrder implements AutoCloseable {
  private final Deque<Window> windows = new ArrayDeque<>();
  private final Counts counts;
  private final Reports reports;

  InputOrder(Counts counts, Reports reports) {
    this.counts = counts;
    this.reports = reports;
  }

  /** The next window in input order; to be called before any of its parts is settled. */
  synchronized void add(Window window) {
    windows.addLast(window);
    tellComplete();
  }

  synchronized void settle(Window.Part part, List<Outcome> outcomes) {
    outcomes.forEach(counts::add);
    part.window().settle(part, outcomes);
    tellComplete();
  }

  private void tellComplete() {
    while (!windows.isEmpty() && windows.peekFirst().isComplete()) {
      tell(windows.removeFirst());
    }
  }

  private void tell(Window window) {
    for (int i = 0; i < window.size(); i++) {
      Checked record = window.record(i);
      Outcome outcome = window.outcome(i);
      if (outcome != null) {
        reports.add(record.record(), record.shownKey(), outcome);
      }
    }
  }

  /** After a stop some windows are in part only: what is settled of them is told. */
  @Override
  public synchronized void close() {
    while (!windows.isEmpty()) {
      tell(windows.removeFirst());
    }
  }
}
