package org.pgbackfill.run;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.report.Reports;
import org.pgbackfill.target.Checked;

/**
 * Tells the outcomes in the order of the input, whatever the lanes did. Safe between threads; what
 * waits is bounded, here and in the lanes' queues, for a lane that is behind holds up the dealing
 * of further windows, also of such that have nothing for it.
 */
final class InputOrder implements AutoCloseable {
  /**
   * So many full windows, or more that are less full, as the first ones are: while the table's keys
   * are read, the reader needs not wait. Lanes of one speed need one that loads, one that is queued
   * and one of which not every lane has taken its part.
   */
  private static final int FULL_WINDOWS = 3;

  private static final Duration LOOK_UP = Duration.ofMillis(100);

  private final Deque<Window> windows = new ArrayDeque<>();
  private final Counts counts;
  private final Reports reports;
  private final Stop stop;
  private boolean closed;

  InputOrder(Counts counts, Reports reports, Stop stop) {
    this.counts = counts;
    this.reports = reports;
    this.stop = stop;
  }

  /**
   * The next window in input order; to be called before any of its parts is settled, and when the
   * lanes have all parts of those before it. Waits for room.
   */
  synchronized void add(Window window) {
    awaitRoom(window);
    if (closed) {
      return; // from a reader that was left behind
    }
    windows.addLast(window);
    tellComplete();
  }

  private synchronized void awaitRoom(Window next) {
    try {
      while (!hasRoom(next) && !stop.isRequested()) {
        wait(LOOK_UP.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop.request(Stop.Reason.INTERRUPTED);
    }
  }

  private boolean hasRoom(Window next) {
    double full = windows.stream().mapToDouble(Window::fullness).sum();
    return windows.isEmpty() || full + next.fullness() <= FULL_WINDOWS;
  }

  synchronized void settle(Window.Part part, List<Outcome> outcomes) {
    if (closed) {
      return; // from a lane that was left behind: its chunk is in, and a resume tells of it
    }
    counts.add(outcomes);
    part.window().settle(part, outcomes);
    tellComplete();
  }

  private void tellComplete() {
    while (!windows.isEmpty() && windows.peekFirst().isComplete()) {
      tell(windows.removeFirst());
      notifyAll();
    }
  }

  private void tell(Window window) {
    for (int i = 0; i < window.size(); i++) {
      Outcome outcome = window.outcome(i);
      if (outcome != null && reports.tells(outcome)) {
        Checked record = window.record(i);
        reports.add(record.record(), record::shownKey, outcome);
      }
    }
  }

  /** After a stop some windows are in part only: what is settled of them is told. */
  @Override
  public synchronized void close() {
    closed = true;
    while (!windows.isEmpty()) {
      tell(windows.removeFirst());
    }
  }
}
