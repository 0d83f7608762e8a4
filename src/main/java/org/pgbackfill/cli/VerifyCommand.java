package org.pgbackfill.cli;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.report.Differences;
import org.pgbackfill.report.VerifySummary;
import org.pgbackfill.report.VerifySummary.Verdict;
import org.pgbackfill.run.Stop;
import org.pgbackfill.run.Verification;
import org.pgbackfill.run.VerifyPlan;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.HeaderException;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** {@code pgbackfill verify}: is the export in? */
final class VerifyCommand implements Runnable {
  private final CommandSpec spec;

  VerifyCommand(Terminal terminal) {
    spec =
        Commands.spec(
            this,
            "Reads an export again and says of each key whether it is in the table, as the export"
                + " has it. Writes nothing to the database, and keeps nobody waiting.%n");
    Commands.add(
        spec, "contacts", "Compare contacts with an export.", new Contacts(terminal).spec());
    Commands.add(spec, "jobs", "Compare jobs with an export.", new Jobs(terminal).spec());
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    return spec;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "verify what? expected verify contacts or verify jobs");
  }

  /** {@code pgbackfill verify contacts}. */
  static final class Contacts extends OfTable {
    private final ContactsOptions contacts = new ContactsOptions();

    private final OnExistingOption onExisting =
        new OnExistingOption(
            "How the export was loaded: keep, fill (no column is NULL for which a record has a"
                + " value) or overwrite (columns are what the last record says; an empty field is"
                + " NULL).");

    Contacts(Terminal terminal) {
      super(terminal, "contacts");
    }

    @Override
    String description() {
      return "Looks for each contact by its link and address, and compares what the record gives;"
          + " what it leaves empty is not compared. Of records with the same key the first"
          + " counts, unless --on-existing says otherwise.%n";
    }

    @Override
    void addTo(CommandSpec spec) {
      contacts.addTo(spec);
      onExisting.addTo(spec);
    }

    @Override
    Function<List<SourceFile>, Target> target() {
      return contacts.target(input().map(), onExisting.mode());
    }
  }

  /** {@code pgbackfill verify jobs}. */
  static final class Jobs extends OfTable {
    private final PrefixOption prefix = new PrefixOption();

    private final OptionSpec run =
        OptionSpec.builder("--run")
            .paramLabel("NAME")
            .type(String.class)
            .order(23)
            .description(
                "The run that has loaded the export: the ids that it gave find its jobs by an"
                    + " index, finished ones and such without a unique key as well. Default: none.")
            .build();

    private final LedgerSchemaOption ledger = new LedgerSchemaOption();

    private final OptionSpec finished =
        OptionSpec.builder("--finished")
            .type(boolean.class)
            .initialValue(false)
            .order(22)
            .description(
                "Look for finished jobs by their unique keys as well, which reads the whole table,"
                    + " for no index has them. Default: by id alone.")
            .build();

    Jobs(Terminal terminal) {
      super(terminal, "jobs");
    }

    @Override
    String description() {
      return "Looks for each job by its id, where the export has one, and by its unique key among"
          + " the active jobs, and compares what the record gives; what it leaves empty is"
          + " not compared. A job that a worker has finished since is told as finished.%n";
    }

    @Override
    void addTo(CommandSpec spec) {
      prefix.addTo(spec);
      spec.addOption(run);
      ledger.addTo(spec);
      spec.addOption(finished);
    }

    @Override
    Function<List<SourceFile>, Target> target() {
      return prefix.target(input().map());
    }

    @Override
    VerifyPlan.Book book() {
      String name = run.getValue();
      return name == null ? null : new VerifyPlan.Book(ledger.schema(), name);
    }

    @Override
    VerifyPlan.Finished finished() {
      boolean looksByKey = finished.getValue();
      return looksByKey ? VerifyPlan.Finished.BY_KEY : VerifyPlan.Finished.BY_ID;
    }
  }

  /** What verifying contacts and verifying jobs have in common. */
  abstract static class OfTable implements Callable<Integer> {
    private static final long MIB = 1024 * 1024;

    private final InputOptions input = new InputOptions();
    private final ConnectionOptions connection = new ConnectionOptions();
    private final LimitOptions limits = new LimitOptions();
    private final ScreenOptions screen = new ScreenOptions();

    private final OptionSpec differences =
        OptionSpec.builder("--differences")
            .paramLabel("FILE")
            .type(Path.class)
            .order(30)
            .description(
                "Write all that is not as it should be:"
                    + " file,line,key,id,finding,column,expected,found. Default: the first ten of"
                    + " each kind are shown.")
            .build();

    private final OptionSpec sortMemoryMib =
        OptionSpec.builder("--sort-memory")
            .paramLabel("MIB")
            .type(Long.class)
            .order(31)
            .description(
                "How much of the export is sorted in memory at a time; the rest waits in a"
                    + " temporary file. Default: a sixteenth of the heap.")
            .build();

    private final Terminal terminal;
    private final String command;

    OfTable(Terminal terminal, String command) {
      this.terminal = terminal;
      this.command = command;
    }

    /** The command as the command line knows it. */
    final CommandSpec spec() {
      CommandSpec spec = Commands.spec(this, description());
      input.addTo(spec);
      connection.addTo(spec);
      limits.addTo(spec);
      screen.addTo(spec);
      spec.addOption(differences).addOption(sortMemoryMib);
      addTo(spec);
      return spec;
    }

    /** What help says of the command. */
    abstract String description();

    /** Adds the options that only this command has. */
    abstract void addTo(CommandSpec spec);

    /** Fits headers to what is compared. */
    abstract Function<List<SourceFile>, Target> target();

    /** Where finished jobs are looked for; contacts never finish. */
    VerifyPlan.Finished finished() {
      return VerifyPlan.Finished.BY_ID;
    }

    /** The run that has loaded the export; contacts are found by their keys without. */
    VerifyPlan.Book book() {
      return null;
    }

    InputOptions input() {
      return input;
    }

    @Override
    public Integer call() {
      screen.quiet();
      try {
        return verify(plan());
      } catch (IllegalArgumentException e) {
        return screen.fail(terminal, ExitStatus.USAGE, e);
      } catch (SourceException
          | HeaderException
          | LoadException
          | LedgerException
          | UncheckedIOException e) {
        return screen.fail(terminal, ExitStatus.FAILED, e);
      }
    }

    private VerifyPlan plan() {
      Long mib = sortMemoryMib.getValue();
      if (mib != null && (mib < 1 || mib > Integer.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "--sort-memory " + mib + ": expected a number of MiB, 1 and more");
      }
      ConnectionSpec where = connection.resolve(terminal);
      where.notices().forEach(terminal::say);
      return new VerifyPlan(
          command,
          input.files(),
          where,
          limits.limits(),
          InputOptions.checked(target()),
          input.mapping(),
          book(),
          finished(),
          mib == null ? VerifyPlan.usualSortMemoryBytes() : mib * MIB,
          differences.getValue(),
          screen.progress(),
          terminal.isTerminal());
    }

    private int verify(VerifyPlan plan) throws SourceException {
      Stop stop = new Stop();
      terminal.signals().onFirst(() -> stop.request(Stop.Reason.INTERRUPTED));
      VerifySummary summary =
          new Verification(plan, stop, terminal::say).execute(terminal.in(), terminal.err());
      terminal
          .out()
          .print(screen.output() == ScreenOptions.Output.JSON ? summary.json() : summary.text());
      return status(summary).code();
    }

    /** What is missing or differs says more than what could never be in. */
    private static ExitStatus status(VerifySummary summary) {
      if (summary.verdict() == Verdict.INTERRUPTED) {
        return ExitStatus.INTERRUPTED;
      }
      if (summary.verdict() == Verdict.NOT_ALL_THERE) {
        return ExitStatus.NOT_ALL_THERE;
      }
      long unproven =
          summary.differences().of(Differences.Kind.REJECTED)
              + summary.differences().of(Differences.Kind.UNVERIFIABLE);
      return unproven > 0 ? ExitStatus.REJECTS : ExitStatus.LOADED;
    }
  }
}
