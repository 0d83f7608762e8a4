package org.pgbackfill.run;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.History;
import org.pgbackfill.ledger.Hold;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.NoLedger;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.ledger.RunEntry;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.ledger.RunState;
import org.pgbackfill.load.ChunkLoader;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Existence;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.load.LoadedRun;
import org.pgbackfill.load.Retries;
import org.pgbackfill.load.Schema;
import org.pgbackfill.load.TargetTable;
import org.pgbackfill.report.Progress;
import org.pgbackfill.report.Reports;
import org.pgbackfill.report.Summary;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Target;

/**
 * One run: records are read and checked in file order, dealt to lanes by their keys, loaded in
 * chunks, and told in file order. For one use.
 */
public final class BackfillRun {
  private static final String LEDGER_WHO = "pgbackfill ledger";

  /** How long a run that has stopped tries to say so in the ledger. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(10);

  private final RunPlan plan;
  private final Stop stop;
  private final Consumer<String> notices;
  private final Counts counts = new Counts();
  private final Retries retries;
  private final Restraint restraint;
  private final long start = System.nanoTime();
  private Exception failure;
  private Existence existence;
  private ChunkLoader loader;

  /** Known when the ledger has said which run it is; records are read before. */
  private volatile RunIds ids;

  /** Whether the server was there for the last words: nobody waits for it once more. */
  private boolean serverAnswers;

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
    this.restraint = new Restraint(plan.throttle(), plan.chunkSize(), stop, notices);
    this.retries = new Retries(plan.limits().retry(), restraint::pass, notices);
  }

  /**
   * Runs it to its end, and returns when every connection and file is closed.
   *
   * @param stdin what {@code -} reads
   * @param err where progress is shown
   * @return what was done, also when it could not be finished
   * @throws UncheckedIOException when a report can't be written where it should be; nothing was
   *     loaded
   * @throws SourceException when a file can't be used at all; nothing was loaded
   * @throws LoadException when the server or the table can't; nothing was loaded
   * @throws LedgerException when the ledger says no; nothing was loaded
   */
  public Summary execute(InputStream stdin, PrintStream err) throws SourceException {
    Reports.checkPlaces(plan.rejects(plan.name()), plan.reporting().outcomes());
    try (CsvSource source = CsvSource.open(plan.files(), stdin)) {
      Target target = plan.into().target().apply(source.files());
      try (Records records =
          new Records(
              source,
              target,
              number -> ids.id(number),
              restraint.isRateLimited() ? 0 : Feed.FIRST_WINDOW,
              stop)) {
        return connect(source, records, target, err);
      }
    }
  }

  private Summary connect(CsvSource source, Records records, Target target, PrintStream err)
      throws SourceException {
    try (Database database = Database.open(plan.connection(), plan.limits(), plan.threads())) {
      Summary summary = begin(source, records, target, database, err);
      if (serverAnswers) {
        restraint.leave(database, sinceStart());
      }
      return summary;
    }
  }

  /** Looks whether it may be, and says in the ledger that it is. */
  private Summary begin(
      CsvSource source, Records records, Target target, Database database, PrintStream err)
      throws SourceException {
    if (plan.into().createTable()) {
      Schema.create(database, target);
    }
    TargetTable table = TargetTable.inspect(database, target, plan.into().notification());
    tellIgnored(target);
    restraint.check(database);
    RunIds newIds = RunIds.of(plan.started(), new SecureRandom().nextLong());
    if (plan.book().schema() == null) {
      return work(source, records, database, table, new NoLedger(plan.name(), newIds), err);
    }
    Ledger ledger = open(database, plan.book().schema());
    Ledger.Request request = plan.request(source, table.name(), newIds);
    Ledger.Start started = retries.ask(LEDGER_WHO, () -> ledger.start(request), ledger::unwritable);
    if (started.kind() == Ledger.Start.Kind.DONE) {
      return Summary.ofDone(started.run(), plan.book().schema());
    }
    try (Hold hold = ledger.hold(started)) {
      return work(source, records, database, table, hold, err);
    }
  }

  private Ledger open(Database database, String schema) {
    return retries.ask(
        LEDGER_WHO, () -> Ledger.open(database, schema), e -> Ledger.unusable(schema, e));
  }

  private void tellIgnored(Target target) {
    if (!target.ignored().isEmpty()) {
      notices.accept("no column for " + String.join(", ", target.ignored()) + ": left out");
    }
  }

  /** Loads, and says in the ledger how it has ended. */
  private Summary work(
      CsvSource source,
      Records records,
      Database database,
      TargetTable table,
      Hold hold,
      PrintStream err) {
    ids = hold.ids();
    try (Reports reports =
            Reports.open(
                plan.rejects(hold.name()),
                plan.reporting().outcomes(),
                source.files(),
                table.target().required(),
                Reports.Tense.DID,
                notices);
        TimeLimit limit = TimeLimit.start(plan.maxRunTime(), stop)) {
      hold.beat(() -> counters(hold), this::fail);
      load(source, records, database, table, hold, reports, err);
      if (failure == null) {
        attempt(() -> announceEnd(table, database));
      }
      Ending ending = ending();
      attempt(() -> end(hold, ending));
      return summary(database, hold, reports);
    } catch (UncheckedIOException e) {
      fail(e);
      attempt(() -> end(hold, ending()));
      throw e;
    }
  }

  /** Feeds the lanes and waits for them. */
  private void load(
      CsvSource source,
      Records records,
      Database database,
      TargetTable table,
      Hold hold,
      Reports reports,
      PrintStream err) {
    try (Progress progress =
            Progress.start(
                plan.reporting().progress(),
                plan.reporting().terminal(),
                counts::read,
                source::bytesRead,
                source.bytesTotal(),
                restraint::status,
                err);
        Lookout lookout = restraint.watch(database, hold, this::fail);
        InputOrder order = new InputOrder(counts, reports, stop)) {
      History history = history(hold);
      LoadedRun run =
          new LoadedRun(
              hold.name(),
              hold.ids(),
              source::place,
              hold.marks(),
              history.transactions(),
              history.settled());
      existence = existence(source, database, table, hold, !history.transactions().isEmpty());
      loader = new ChunkLoader(database, table, existence, run, retries);
      try (Lanes lanes =
          Lanes.start(
              plan.threads(),
              stop,
              part -> restraint.load(part, loader, (chunk, told) -> settle(chunk, told, order)))) {
        Reading.run(
            new Feed(
                    plan,
                    records,
                    hold,
                    history,
                    counts,
                    order,
                    lanes,
                    retries,
                    stop,
                    restraint,
                    loader::areThere)
                ::run,
            stop);
        lanes.finish();
      }
    } catch (Retries.Stopped e) {
      // What waited to be tried again is left open.
    } catch (SourceException | RuntimeException e) {
      fail(e);
    }
    attempt(reports::close);
  }

  private Existence existence(
      CsvSource source, Database database, TargetTable table, Hold hold, boolean isResumed) {
    boolean wantsIds = plan.reporting().outcomes() != null || hold.keepsIds();
    Existence.Facts facts =
        new Existence.Facts(
            plan.threads(), restraint.isGentle(), source.mostRecords(), wantsIds, isResumed);
    return retries.ask(
        "pgbackfill",
        () -> Existence.choose(database, table, facts, restraint),
        e -> new LoadException(table.name() + " can't be read: " + e.getMessage(), e));
  }

  private History history(Hold hold) {
    return retries.ask(
        LEDGER_WHO,
        hold::history,
        e ->
            new LedgerException(
                "the marks of run " + hold.name() + " can't be read: " + e.getMessage(), e));
  }

  private void settle(Window.Part chunk, List<Outcome> outcomes, InputOrder order) {
    order.settle(chunk, outcomes);
    plan.reporting().rejectLimit().check(counts, stop);
  }

  private void announceEnd(TargetTable table, Database database) {
    try {
      retries.untilThrough(
          "pgbackfill",
          () -> table.announceEnd(database),
          e -> new LoadException("--notify end: " + e.getMessage(), e));
    } catch (Retries.Stopped e) {
      // Workers look for jobs by themselves, too; the run is resumed in any case.
    }
  }

  /** A step at the end: if it fails, the run has failed. */
  private void attempt(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private synchronized void fail(Exception e) {
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
  public synchronized Exception failure() {
    return failure;
  }

  private RunEntry.Counters counters(Hold hold) {
    return RunEntry.Counters.of(counts, retries.count() + hold.retriesBefore());
  }

  private record Ending(RunState state, String reason) {}

  private Ending ending() {
    if (failure() != null) {
      return new Ending(RunState.FAILED, failure().getMessage());
    }
    if (stop.reason() == null) {
      plan.reporting().rejectLimit().checkAtEnd(counts, stop);
    }
    if (stop.reason() == null) {
      return new Ending(RunState.SUCCEEDED, null);
    }
    return switch (stop.reason()) {
      case REJECT_LIMIT ->
          new Ending(
              RunState.FAILED,
              "more rejects than --max-rejects " + plan.reporting().rejectLimit() + " allows");
      case TIME_LIMIT -> new Ending(RunState.INTERRUPTED, "--max-run-time is over");
      case INTERRUPTED, FAILURE -> new Ending(RunState.INTERRUPTED, "asked to stop");
    };
  }

  private void end(Hold hold, Ending ending) {
    boolean succeeded = ending.state() == RunState.SUCCEEDED;
    try {
      // Tried again like any work: a server that restarts must not leave the run looking
      // unfinished.
      (succeeded ? retries : retries.atTheEnd(LAST_WORDS))
          .untilThrough(
              LEDGER_WHO,
              () -> hold.end(ending.state(), ending.reason(), counters(hold)),
              e -> new LoadException(e.getMessage(), e));
      serverAnswers = failure() == null;
    } catch (LoadException | Retries.Stopped e) {
      String message =
          "the end of run "
              + hold.name()
              + " could not be written into the ledger: "
              + e.getMessage();
      if (succeeded && !(e instanceof Retries.Stopped)) {
        throw new LoadException(message, e);
      }
      // It is to be resumed in any case, as soon as its lease has run out.
      notices.accept(message);
    }
  }

  private Duration sinceStart() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private Summary summary(Database database, Hold hold, Reports reports) {
    Ending ending = ending();
    return new Summary(
        hold.name(),
        plan.command(),
        ending.state(),
        ending.reason(),
        counters(hold),
        sinceStart(),
        existence == null ? null : existence.way().word(),
        reports.rejectsFile(),
        reports.outcomesFile(),
        plan.book().schema(),
        restraint.blastRadius(serverAnswers ? database : null, retries, loader));
  }
}
