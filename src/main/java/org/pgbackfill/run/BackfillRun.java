package org.pgbackfill.run;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.ledger.RunState;
import org.pgbackfill.load.ChunkLoader;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.load.Retries;
import org.pgbackfill.load.Schema;
import org.pgbackfill.load.TargetTable;
import org.pgbackfill.report.Progress;
import org.pgbackfill.report.Reports;
import org.pgbackfill.report.Summary;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.Reject;
import org.pgbackfill.target.Target;

/**
 * One run: records are read and checked in file order, dealt to lanes by their keys, loaded in
 * chunks, and told in file order. For one use.
 */
public final class BackfillRun {
  private final RunPlan plan;
  private final Stop stop;
  private final Consumer<String> notices;
  private final Counts counts = new Counts();
  private final Retries retries;
  private final RunIds ids;
  private Exception failure;

  /**
   * Prepares a run.
   *
   * @param plan what to do
   * @param stop asks it to end early
   * @param notices takes lines for the operator
   */
  public BackfillRun(RunPlan plan, Stop stop, Consumer<String> notices) {
    this.plan = plan;
    this.stop = stop;
    this.notices = notices;
    this.retries = new Retries(RunPlan.RETRY_TOTAL, stop, notices);
    this.ids = RunIds.of(plan.started(), new SecureRandom().nextLong());
  }

  /**
   * Runs it to its end, and returns when every connection and file is closed.
   *
   * @param stdin what {@code -} reads
   * @param err where progress is shown
   * @return what was done, also when it could not be finished
   * @throws SourceException when a file can't be used at all; nothing was loaded
   */
  public Summary execute(InputStream stdin, PrintStream err) throws SourceException {
    long start = System.nanoTime();
    try (CsvSource source = CsvSource.open(plan.files(), stdin);
        Database database = Database.open(plan.connection(), plan.threads());
        Reports reports = Reports.open(plan.rejects(), plan.outcomes(), source.files(), notices)) {
      Target target = plan.target().apply(source.files());
      if (plan.createTable()) {
        Schema.create(database, target);
      }
      TargetTable table = TargetTable.inspect(database, target, plan.notification());
      tellIgnored(target);
      ChunkLoader loader =
          new ChunkLoader(database, table, ids, plan.name(), source::place, retries, stop);
      load(source, target, loader, reports, err);
      if (failure == null) {
        tellAtEnd(table, database);
      }
      return summary(Duration.ofNanos(System.nanoTime() - start), reports);
    }
  }

  private void tellIgnored(Target target) {
    if (!target.ignored().isEmpty()) {
      notices.accept("no column for " + String.join(", ", target.ignored()) + ": left out");
    }
  }

  /** Feeds the lanes and waits for them. */
  private void load(
      CsvSource source, Target target, ChunkLoader loader, Reports reports, PrintStream err) {
    try (Progress progress =
            Progress.start(
                plan.progress(),
                plan.terminal(),
                counts::read,
                source::bytesRead,
                source.bytesTotal(),
                err);
        InputOrder order = new InputOrder(counts, reports);
        Lanes lanes = Lanes.start(plan.threads(), stop, part -> loadPart(part, loader, order))) {
      feed(source, target, order, lanes);
      lanes.finish();
    } catch (SourceException | RuntimeException e) {
      fail(e);
    }
    try {
      reports.flush();
    } catch (UncheckedIOException e) {
      fail(e);
    }
  }

  private void loadPart(Window.Part part, ChunkLoader loader, InputOrder order) {
    order.settle(part, loader.load(part.chunk()));
    checkRejectLimit();
  }

  private void feed(CsvSource source, Target target, InputOrder order, Lanes lanes)
      throws SourceException {
    Window window = new Window(plan.windowRecords());
    try {
      while (!stop.isRequested()) {
        CsvRecord record = source.next();
        if (record == null) {
          break;
        }
        add(target.check(record, ids.id(record.number())), window);
        if (window.isFull()) {
          deal(window, order, lanes);
          window = new Window(plan.windowRecords());
        }
      }
    } finally {
      // Also when the file breaks off: what was read before is good.
      deal(window, order, lanes);
    }
  }

  private void add(Checked checked, Window window) {
    if (checked instanceof Reject reject) {
      Outcome outcome = Outcome.rejected(reject.reason());
      counts.add(outcome);
      window.add(checked, outcome);
      checkRejectLimit();
    } else {
      window.add(checked, null);
    }
  }

  private void deal(Window window, InputOrder order, Lanes lanes) {
    if (!window.isEmpty()) {
      List<Window.Part> parts = window.deal(plan.threads(), plan.chunkSize());
      order.add(window);
      parts.forEach(lanes::give);
    }
  }

  private void checkRejectLimit() {
    if (plan.rejectLimit().isPassed(counts.of(Outcome.Kind.REJECTED), counts.read())) {
      stop.request(Stop.Reason.REJECT_LIMIT);
    }
  }

  private void tellAtEnd(TargetTable table, Database database) {
    try {
      table.announceEnd(database);
    } catch (LoadException e) {
      fail(e);
    }
  }

  private void fail(Exception e) {
    stop.request(Stop.Reason.FAILURE);
    if (failure == null) {
      failure = e;
    }
  }

  /**
   * What ended the run too early.
   *
   * @return null when nothing did
   */
  public Exception failure() {
    return failure;
  }

  private Summary summary(Duration elapsed, Reports reports) {
    if (stop.reason() == null
        && plan.rejectLimit().isPassedAtEnd(counts.of(Outcome.Kind.REJECTED), counts.read())) {
      stop.request(Stop.Reason.REJECT_LIMIT);
    }
    RunState state = RunState.SUCCEEDED;
    String reason = null;
    if (failure != null) {
      state = RunState.FAILED;
      reason = failure.getMessage();
    } else if (stop.reason() == Stop.Reason.REJECT_LIMIT) {
      state = RunState.FAILED;
      reason = "more rejects than --max-rejects " + plan.rejectLimit() + " allows";
    } else if (stop.reason() == Stop.Reason.INTERRUPTED) {
      state = RunState.INTERRUPTED;
      reason = "asked to stop";
    }
    return Summary.of(
        plan.name(), plan.command(), state, reason, counts, retries.count(), elapsed, reports);
  }
}
