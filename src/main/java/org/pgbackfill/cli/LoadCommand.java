package org.pgbackfill.cli;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.ledger.RunState;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.load.Notify;
import org.pgbackfill.report.DryRunSummary;
import org.pgbackfill.report.Summary;
import org.pgbackfill.run.BackfillRun;
import org.pgbackfill.run.DryRun;
import org.pgbackfill.run.RejectLimit;
import org.pgbackfill.run.RunPlan;
import org.pgbackfill.run.Stop;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.HeaderException;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What loading contacts and loading jobs have in common: options in, a plan, a run, a summary and a
 * status out.
 */
abstract class LoadCommand implements Callable<Integer> {
  private static final DateTimeFormatter RUN_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final InputOptions input = new InputOptions();
  private final ConnectionOptions connection = new ConnectionOptions();
  private final ThreadsOption threads = new ThreadsOption();
  private final LimitOptions limits = new LimitOptions();
  private final ThrottleOptions throttle = new ThrottleOptions();
  private final LedgerOptions ledger = new LedgerOptions();
  private final ScreenOptions screen = new ScreenOptions();

  private final OptionSpec chunkSize =
      OptionSpec.builder("--chunk-size")
          .paramLabel("N")
          .type(Integer.class)
          .order(11)
          .description(
              "The most records in one transaction; fewer where memory is short. Default: "
                  + RunPlan.CHUNK_SIZE
                  + "; "
                  + RunPlan.CHANGING_CHUNK_SIZE
                  + " where rows that are there may change.")
          .build();

  private final OptionSpec maxRunTime =
      OptionSpec.builder("--max-run-time")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .order(12)
          .description(
              "Stop after this time, resumable, with exit status 5: for cron windows. Default:"
                  + " never.")
          .build();

  private final OptionSpec rejects =
      OptionSpec.builder("--rejects")
          .paramLabel("FILE")
          .type(Path.class)
          .order(30)
          .description(
              "Where refused records go, with the reason. It is made when there is one. Default:"
                  + " RUN-rejects.csv in this folder.")
          .build();

  private final OptionSpec maxRejects =
      OptionSpec.builder("--max-rejects")
          .paramLabel("N|N%")
          .type(String.class)
          .order(31)
          .description(
              "Put up with so many rejects, and stop beyond. Default: any number, and exit status"
                  + " 3.")
          .build();

  private final OptionSpec outcomes =
      OptionSpec.builder("--outcomes")
          .paramLabel("FILE")
          .type(Path.class)
          .order(32)
          .description(
              "Write what became of every record, in input order: file,line,key,id,outcome,detail."
                  + " Default: none.")
          .build();

  private final DryRunOption dryRun = new DryRunOption();

  private final Terminal terminal;
  private CommandSpec spec;

  LoadCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  final CommandSpec spec() {
    spec = Commands.spec(this, description());
    input.addTo(spec);
    connection.addTo(spec);
    threads.addTo(spec);
    limits.addTo(spec);
    throttle.addTo(spec);
    ledger.addTo(spec);
    screen.addTo(spec);
    spec.addOption(chunkSize)
        .addOption(maxRunTime)
        .addOption(rejects)
        .addOption(maxRejects)
        .addOption(outcomes);
    dryRun.addTo(spec);
    addTo(spec);
    return spec;
  }

  /** What help says of the command. */
  abstract String description();

  /** Adds the options that only this command has. */
  abstract void addTo(CommandSpec spec);

  /** The command's word. */
  abstract String command();

  /** Whether rows that are there may change. */
  abstract boolean changesRows();

  /** Fits headers to what the command loads. */
  abstract Function<List<SourceFile>, Target> target(Map<String, String> map);

  /** What else decides how a record becomes a row; empty for nothing. */
  String mapping() {
    return "";
  }

  /** Whether a missing table is made. */
  boolean createsTable() {
    return false;
  }

  /** When workers are told; contacts have none. */
  Notify notifyMode() {
    return Notify.OFF;
  }

  @Override
  public Integer call() {
    screen.quiet();
    Instant started = Instant.now();
    String defaultName = command() + "-" + RUN_TIME.format(started);
    try {
      RunPlan plan = plan(defaultName, started);
      return dryRun.isDryRun() ? look(plan) : run(plan);
    } catch (IllegalArgumentException e) {
      return screen.fail(terminal, ExitStatus.USAGE, e);
    } catch (LedgerException.Busy e) {
      return cameToNothing(ExitStatus.BUSY, defaultName, e);
    } catch (SourceException
        | HeaderException
        | LoadException
        | LedgerException
        | UncheckedIOException e) {
      return cameToNothing(ExitStatus.FAILED, defaultName, e);
    }
  }

  private int cameToNothing(ExitStatus status, String run, Exception e) {
    if (screen.output() == ScreenOptions.Output.JSON) {
      terminal.out().print(Summary.ofNothing(run, command(), e.getMessage()).json(null));
    }
    return screen.fail(terminal, status, e);
  }

  private RunPlan plan(String defaultName, Instant started) {
    ConnectionSpec where = connection.resolve(terminal);
    where.notices().forEach(terminal::say);
    Integer mostRecords = chunkSize.getValue();
    String mostRejects = maxRejects.getValue();
    return new RunPlan(
        command(),
        started,
        input.files(),
        where,
        limits.limits(),
        new RunPlan.Into(
            InputOptions.checked(target(input.map())),
            input.mapping() + mapping(),
            createsTable(),
            notifyMode()),
        threads.threads(),
        mostRecords == null ? RunPlan.chunkSize(changesRows()) : mostRecords,
        maxRunTime.getValue(),
        ledger.book(defaultName),
        new RunPlan.Reporting(
            rejects.getValue(),
            mostRejects == null ? RejectLimit.UNLIMITED : RejectLimit.parse(mostRejects),
            outcomes.getValue(),
            screen.progress(),
            terminal.isTerminal()),
        throttle.plan());
  }

  private int run(RunPlan plan) throws SourceException {
    Stop stop = new Stop();
    terminal.signals().onFirst(() -> stop.request(Stop.Reason.INTERRUPTED));
    BackfillRun run = new BackfillRun(plan, stop, terminal::say);
    Summary summary = run.execute(terminal.in(), terminal.err());
    if (run.failure() != null) {
      var unused = screen.fail(terminal, ExitStatus.FAILED, run.failure());
    }
    String resume = resumeCommand(summary, run);
    terminal
        .out()
        .print(
            screen.output() == ScreenOptions.Output.JSON
                ? summary.json(resume)
                : summary.text(resume));
    return (run.failure() != null ? ExitStatus.FAILED : status(summary, stop, plan)).code();
  }

  private int look(RunPlan plan) throws SourceException {
    Stop stop = new Stop();
    terminal.signals().onFirst(() -> stop.request(Stop.Reason.INTERRUPTED));
    DryRun run = new DryRun(plan, stop, terminal::say);
    DryRunSummary summary = run.execute(terminal.in(), terminal.err());
    terminal
        .out()
        .print(screen.output() == ScreenOptions.Output.JSON ? summary.json() : summary.text());
    return status(summary, run, plan).code();
  }

  /** What the run's own status would be. */
  private static ExitStatus status(DryRunSummary summary, DryRun run, RunPlan plan) {
    return switch (summary.start()) {
      case UNKNOWN -> ExitStatus.INTERRUPTED;
      case BE_BUSY -> ExitStatus.BUSY;
      case BE_REFUSED -> ExitStatus.FAILED;
      case DO_NOTHING -> ExitStatus.LOADED;
      case BEGIN, RESUME ->
          run.passesRejectLimit()
              ? ExitStatus.REJECT_LIMIT
              : withRejects(summary.counts().of(Outcome.Kind.REJECTED), plan);
    };
  }

  private static ExitStatus withRejects(long rejects, RunPlan plan) {
    return rejects > 0 && !plan.reporting().rejectLimit().allowsSome()
        ? ExitStatus.REJECTS
        : ExitStatus.LOADED;
  }

  /** Null where there is nothing to go on with, or somebody else goes on. */
  private String resumeCommand(Summary summary, BackfillRun run) {
    return summary.state() == RunState.SUCCEEDED
            || summary.ledger() == null
            || run.failure() instanceof LedgerException.LeaseLost
        ? null
        : ResumeCommand.of(
            spec.root().commandLine().getParseResult().originalArgs(), summary.run());
  }

  private static ExitStatus status(Summary summary, Stop stop, RunPlan plan) {
    if (stop.reason() == Stop.Reason.REJECT_LIMIT) {
      return ExitStatus.REJECT_LIMIT;
    }
    if (summary.state() == RunState.INTERRUPTED) {
      return ExitStatus.INTERRUPTED;
    }
    if (summary.wasDone()) {
      return ExitStatus.LOADED;
    }
    return withRejects(summary.counters().rejected(), plan);
  }
}
