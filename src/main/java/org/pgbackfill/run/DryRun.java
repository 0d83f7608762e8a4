package org.pgbackfill.run;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Existence;
import org.pgbackfill.load.ForeseenChanges;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.load.Retries;
import org.pgbackfill.load.Schema;
import org.pgbackfill.load.TargetTable;
import org.pgbackfill.report.DryRunSummary;
import org.pgbackfill.report.DryRunSummary.Start;
import org.pgbackfill.report.Progress;
import org.pgbackfill.report.Reports;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Target;

/**
 * A run that only looks: the same plan, files, checks, ledger and table, in transactions that the
 * server lets write nothing. For one use.
 */
public final class DryRun {
  private static final String WHO = "pgbackfill dry-run";

  private final RunPlan plan;
  private final Stop stop;

  /** Asked to stop by the reject limit, as the run would be; the dry run reads on. */
  private final Stop limit = new Stop();

  private final Consumer<String> notices;
  private final Counts counts = new Counts();
  private final Retries retries;
  private final long start = System.nanoTime();

  /**
   * Prepares a dry run.
   *
   * @param plan of the run
   * @param stop asks it to end early
   * @param notices takes lines for the operator
   */
  public DryRun(RunPlan plan, Stop stop, Consumer<String> notices) {
    this.plan = plan;
    this.stop = stop;
    this.notices = notices;
    this.retries = new Retries(plan.limits().retry(), stop, notices);
  }

  /** How a run of the plan would begin. */
  private record Beginning(Start start, String reason) {}

  /**
   * Looks at everything, and returns when every connection and file is closed.
   *
   * @param stdin what {@code -} reads
   * @param err where progress is shown
   * @return what a run would do
   * @throws UncheckedIOException when a report can't be written where it should be
   * @throws SourceException when a file can't be read to its end
   * @throws LoadException when the server or the table can't be used
   * @throws LedgerException when the ledger can't be used
   */
  public DryRunSummary execute(InputStream stdin, PrintStream err) throws SourceException {
    Reports.checkPlaces(plan.rejects(plan.name()), plan.reporting().outcomes());
    try (CsvSource source = CsvSource.open(plan.files(), stdin);
        Database database =
            Database.open(plan.connection(), plan.limits(), 1, Database.Access.READ_ONLY)) {
      Target target = plan.into().target().apply(source.files());
      if (!target.ignored().isEmpty()) {
        notices.accept("no column for " + String.join(", ", target.ignored()) + ": left out");
      }
      TargetTable table =
          isToBeMade(database, target)
              ? null
              : TargetTable.inspect(database, target, plan.into().notification());
      Beginning beginning = beginning(source, database, table);
      String existence = existence(source, database, table, beginning);
      try (Reports reports =
              Reports.open(
                  plan.rejects(plan.name()),
                  plan.reporting().outcomes(),
                  source.files(),
                  target.required(),
                  Reports.Tense.WOULD,
                  notices);
          Progress progress =
              Progress.start(
                  plan.reporting().progress(),
                  plan.reporting().terminal(),
                  counts::seen,
                  source::bytesRead,
                  source.bytesTotal(),
                  () -> "",
                  err);
          DryPass pass =
              new DryPass(
                  plan,
                  source,
                  target,
                  counts,
                  reports,
                  question(database, table),
                  changes(database, target, table))) {
        long readingStart = System.nanoTime();
        Reading.run(() -> pass.read(stop, limit), stop);
        Duration reading = Duration.ofNanos(System.nanoTime() - readingStart);
        pass.settle(stop);
        plan.reporting().rejectLimit().checkAtEnd(counts, limit);
        pass.tell(stop);
        return summary(beginning, settings(existence, target, table == null), reading, reports);
      }
    }
  }

  private boolean isToBeMade(Database database, Target target) {
    return plan.into().createTable()
        && retries.ask(
            WHO,
            () -> Schema.isMissing(database, target),
            e -> new LoadException(target.table() + " can't be looked for: " + e.getMessage(), e));
  }

  /** In a table that is not there nothing is found. */
  private DryPass.Question question(Database database, TargetTable table) {
    return rows ->
        retries.ask(
            WHO,
            () -> table == null ? DryPass.nothing(rows) : table.find(database, WHO, rows),
            e -> new LoadException(WHO + ": " + e.getMessage(), e));
  }

  /** Null where rows that are there stay as they are. */
  private DryPass.Changes changes(Database database, Target target, TargetTable table) {
    if (target.onExisting() == OnExisting.KEEP) {
      return null;
    }
    ForeseenChanges foreseen =
        table == null ? ForeseenChanges.ofTableToBeMade(target) : ForeseenChanges.of(table);
    return rows ->
        retries.ask(
            WHO,
            () -> foreseen.foresee(database, WHO, rows),
            e -> new LoadException(WHO + ": " + e.getMessage(), e));
  }

  private Beginning beginning(CsvSource source, Database database, TargetTable table)
      throws SourceException {
    if (plan.book().schema() == null || table == null) {
      return new Beginning(Start.BEGIN, table == null ? "it would make the table" : null);
    }
    RunIds ids = RunIds.of(plan.started(), new SecureRandom().nextLong());
    Ledger.Request request = plan.request(source, table.name(), ids);
    try {
      Ledger.Foresight foresight =
          retries.ask(
              WHO,
              () -> Ledger.foresee(database, plan.book().schema(), request),
              e -> Ledger.unusable(plan.book().schema(), e));
      return switch (foresight.kind()) {
        case BEGUN -> new Beginning(Start.BEGIN, null);
        case RESUMED ->
            new Beginning(
                Start.RESUME, foresight.run().name() + ", whose own rows count as existing here");
        case DONE ->
            new Beginning(Start.DO_NOTHING, foresight.run().name() + " has succeeded already");
      };
    } catch (LedgerException.Busy e) {
      return new Beginning(Start.BE_BUSY, e.getMessage());
    } catch (LedgerException e) {
      return new Beginning(Start.BE_REFUSED, e.getMessage());
    }
  }

  private String existence(
      CsvSource source, Database database, TargetTable table, Beginning beginning) {
    if (table == null) {
      return Existence.Way.EMPTY.word();
    }
    Existence.Facts facts =
        new Existence.Facts(
            plan.threads(),
            false,
            source.mostRecords(),
            plan.reporting().outcomes() != null,
            beginning.start() == Start.RESUME);
    return retries
        .ask(
            WHO,
            () -> Existence.choose(database, table, facts, Existence.Rests.NONE),
            e -> new LoadException(table.name() + " can't be read: " + e.getMessage(), e))
        .way()
        .word();
  }

  private DryRunSummary summary(
      Beginning beginning, Map<String, String> settings, Duration reading, Reports reports) {
    boolean interrupted = stop.isRequested();
    return new DryRunSummary(
        plan.command(),
        interrupted ? Start.UNKNOWN : beginning.start(),
        interrupted ? null : beginning.reason(),
        counts,
        settings,
        reports.rejectsFile(),
        reports.outcomesFile(),
        reading,
        Duration.ofNanos(System.nanoTime() - start));
  }

  private Map<String, String> settings(String existence, Target target, boolean isToBeMade) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("table", target.table() + (isToBeMade ? " (to be made)" : ""));
    settings.put("threads", Integer.toString(plan.threads()));
    settings.put("chunk-size", Integer.toString(plan.chunkSize()));
    settings.put("existence", existence);
    settings.put("lock-timeout", shown(plan.limits().lock()));
    settings.put("statement-timeout", shown(plan.limits().statement()));
    settings.put("idle-timeout", shown(plan.limits().idleInTransaction()));
    settings.put("retry-time", shown(plan.limits().retry()));
    settings.put("max-run-time", plan.maxRunTime() == null ? "none" : shown(plan.maxRunTime()));
    RejectLimit rejects = plan.reporting().rejectLimit();
    settings.put("max-rejects", rejects.allowsSome() ? rejects.toString() : "none");
    settings.put("ledger", plan.book().schema() == null ? "none" : plan.book().schema());
    return settings;
  }

  private static String shown(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }

  /**
   * Whether the run would stop for its rejects.
   *
   * @return true when it would have too many, on its way or at its end
   */
  public boolean passesRejectLimit() {
    return limit.isRequested();
  }
}
