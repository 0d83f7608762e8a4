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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** {@code pgbackfill check}: what a load would meet, without a load. */
final class CheckCommand implements Runnable {
  private final CommandSpec spec;

  CheckCommand(Terminal terminal) {
    spec =
        Commands.spec(
            this,
            "Says what in the target helps a load, hinders it or makes it fail, and what to do."
                + " Reads the catalog in transactions that can't write.%n");
    Commands.add(
        spec,
        "contacts",
        "Look at the table that contacts are loaded into.",
        new Contacts(terminal).spec());
    Commands.add(
        spec, "jobs", "Look at the queue that jobs are pushed to.", new Jobs(terminal).spec());
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    return spec;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "nothing to check; expected contacts or jobs");
  }

  /** {@code pgbackfill check contacts}. */
  static final class Contacts extends OfTarget {
    private final TableOption table = new TableOption();

    Contacts(Terminal terminal) {
      super(terminal);
    }

    @Override
    void addTo(CommandSpec spec) {
      table.addTo(spec);
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
  static final class Jobs extends OfTarget {
    private final PrefixOption prefix = new PrefixOption();

    Jobs(Terminal terminal) {
      super(terminal);
    }

    @Override
    void addTo(CommandSpec spec) {
      prefix.addTo(spec);
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

    private final ConnectionOptions connection = new ConnectionOptions();
    private final ThreadsOption threads = new ThreadsOption();
    private final LedgerPlaceOptions ledger = new LedgerPlaceOptions();

    private final OptionSpec output =
        OptionSpec.builder("--output")
            .paramLabel("FORMAT")
            .type(ScreenOptions.Output.class)
            .defaultValue("text")
            .order(41)
            .description("text, or json: one object. Default: ${DEFAULT-VALUE}.")
            .build();

    private final Terminal terminal;

    OfTarget(Terminal terminal) {
      this.terminal = terminal;
    }

    /** The command as the command line knows it. */
    final CommandSpec spec() {
      CommandSpec spec =
          Commands.spec(
              this,
              "Prints one finding a line: error (a load would fail, or break its promise), warning,"
                  + " note or ok; and what to do. Exit status 1 where there is an error.%n");
      connection.addTo(spec);
      threads.addTo(spec);
      ledger.addTo(spec);
      spec.addOption(output);
      addTo(spec);
      return spec;
    }

    /** Adds the options that only this command has. */
    abstract void addTo(CommandSpec spec);

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
                output.getValue() == ScreenOptions.Output.JSON
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
