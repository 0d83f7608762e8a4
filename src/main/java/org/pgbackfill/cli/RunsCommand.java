package org.pgbackfill.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.RunEntry;
import org.pgbackfill.ledger.Steering;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Limits;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.report.RunList;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pgbackfill runs}. */
@Command(
    name = "runs",
    header = "List the runs that the ledger knows.",
    sortOptions = false,
    description =
        "Lists the last 100 runs of the ledger, or those of one name with what was asked of them,"
            + " the last one first.%n")
final class RunsCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "Only runs of this name. Default: all.")
  private String name;

  @Mixin private ConnectionOptions connection;

  @Mixin private LedgerSchemaOption place;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      order = 41,
      description =
          "text, or json: one object for each run, one on a line. Default: ${DEFAULT-VALUE}.")
  private ScreenOptions.Output output;

  @SuppressWarnings("UnusedVariable")
  @Mixin
  private HelpOption help;

  private final Terminal terminal;

  RunsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Logs.silence();
    try {
      ConnectionSpec where = connection.resolve(terminal);
      try (Database database = Database.open(where, Limits.all(PATIENCE), 1)) {
        Ledger ledger = Ledger.existing(database, place.schema());
        List<RunEntry> runs = ledger.runs(name);
        // Of one run everything is told; the list of all stays a list.
        Function<RunEntry, List<Steering.Order>> asked =
            name == null ? run -> List.of() : ledger.steering()::of;
        terminal
            .out()
            .print(
                output == ScreenOptions.Output.JSON
                    ? RunList.json(runs, asked)
                    : RunList.text(runs, asked));
      }
      return ExitStatus.LOADED.code();
    } catch (IllegalArgumentException e) {
      return terminal.fail(ExitStatus.USAGE, e);
    } catch (LoadException | LedgerException e) {
      return terminal.fail(ExitStatus.FAILED, e);
    }
  }
}
