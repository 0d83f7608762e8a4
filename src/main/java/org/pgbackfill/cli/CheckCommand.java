package org.pgbackfill.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Finding;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Limits;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.load.TargetCheck;
import org.pgbackfill.report.FindingList;
import org.pgbackfill.run.RunPlan;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pgbackfill check}: what a load would meet, without a load. */
@Command(
    name = "check",
    header = "Look at a target before a load.",
    sortOptions = false,
    subcommands = {CheckCommand.Contacts.class, CheckCommand.Jobs.class},
    description =
        "Says what in the target helps a load, hinders it or makes it fail, and what to do. Reads"
            + " the catalog in transactions that can't write.%n")
final class CheckCommand implements Runnable {
  @Spec private CommandSpec spec;

  @SuppressWarnings("UnusedVariable")
  @Mixin
  private HelpOption help;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "nothing to check; expected contacts or jobs");
  }

  /** {@code pgbackfill check contacts}. */
  @Command(
      name = "contacts",
      header = "Look at the table that contacts are loaded into.",
      sortOptions = false,
      description =
          "Prints one finding a line: error (a load would fail, or break its promise), warning,"
              + " note or ok; and what to do. Exit status 1 where there is an error.%n")
  static final class Contacts extends OfTarget {
    @Mixin private TableOption table;

    Contacts(Terminal terminal) {
      super(terminal);
    }

    @Override
    String command() {
      return "contacts";
    }

    @Override
    Target target() {
      return new ContactsTarget(table.table(), List.of(), Map.of(), null);
    }
  }

  /** {@code pgbackfill check jobs}. */
  @Command(
      name = "jobs",
      header = "Look at the queue that jobs are pushed to.",
      sortOptions = false,
      description =
          "Prints one finding a line: error (a load would fail, or break its promise), warning,"
              + " note or ok; and what to do. Exit status 1 where there is an error.%n")
  static final class Jobs extends OfTarget {
    @Mixin private PrefixOption prefix;

    Jobs(Terminal terminal) {
      super(terminal);
    }

    @Override
    String command() {
      return "jobs";
    }

    @Override
    Target target() {
      return new JobsTarget(prefix.prefix(), List.of(), Map.of());
    }
  }

  /** What both have in common. */
  abstract static class OfTarget implements Callable<Integer> {
    /** The catalog answers at once, unless somebody is at work on it. */
    private static final Limits LIMITS =
        new Limits(
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5));

    @Mixin private ConnectionOptions connection;
    @Mixin private ThreadsOption threads;
    @Mixin private LedgerPlaceOptions ledger;

    @Option(
        names = "--output",
        paramLabel = "FORMAT",
        defaultValue = "text",
        order = 41,
        description = "text, or json: one object. Default: ${DEFAULT-VALUE}.")
    private ScreenOptions.Output output;

    @SuppressWarnings("UnusedVariable")
    @Mixin
    private HelpOption help;

    private final Terminal terminal;

    OfTarget(Terminal terminal) {
      this.terminal = terminal;
    }

    /** The word of the command that would load. */
    abstract String command();

    abstract Target target();

    @Override
    public Integer call() {
      Logs.silence();
      try {
        RunPlan.requireThreads(threads.threads());
        ConnectionSpec where = connection.resolve(terminal);
        where.notices().forEach(terminal::say);
        Target target = target();
        List<Finding> findings = look(where, target);
        terminal
            .out()
            .print(
                output == ScreenOptions.Output.JSON
                    ? FindingList.json(command(), target.table(), findings)
                    : FindingList.text(target.table(), findings));
        return (FindingList.wouldLoad(findings) ? ExitStatus.LOADED : ExitStatus.FAILED).code();
      } catch (IllegalArgumentException e) {
        return terminal.fail(ExitStatus.USAGE, e);
      } catch (LoadException e) {
        return terminal.fail(ExitStatus.FAILED, e);
      }
    }

    private List<Finding> look(ConnectionSpec where, Target target) {
      try (Database database = Database.open(where, LIMITS, 1, Database.Access.READ_ONLY)) {
        return new TargetCheck(database, target, threads.threads(), TargetCheck.LONG_TRANSACTION)
            .look(ledger.schemaOrNone());
      }
    }
  }
}
