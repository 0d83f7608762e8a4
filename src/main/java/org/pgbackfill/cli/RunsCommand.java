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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code pgbackfill runs}. */
final class RunsCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final PositionalParamSpec name =
      PositionalParamSpec.builder()
          .arity("0..1")
          .paramLabel("NAME")
          .type(String.class)
          .description("Only runs of this name. Default: all.")
          .build();

  private final ConnectionOptions connection = new ConnectionOptions();

  private final LedgerSchemaOption place = new LedgerSchemaOption();

  private final OptionSpec output =
      OptionSpec.builder("--output")
          .paramLabel("FORMAT")
          .type(ScreenOptions.Output.class)
          .defaultValue("text")
          .order(41)
          .description(
              "text, or json: one object for each run, one on a line. Default: ${DEFAULT-VALUE}.")
          .build();

  private final Terminal terminal;

  RunsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    CommandSpec spec =
        Commands.spec(
            this,
            "Lists the last 100 runs of the ledger, or those of one name with what was asked of"
                + " them, the last one first.%n");
    spec.addPositional(name);
    connection.addTo(spec);
    place.addTo(spec);
    return spec.addOption(output);
  }

  @Override
  public Integer call() {
    Logs.silence();
    String named = name.getValue();
    ScreenOptions.Output format = output.getValue();
    try {
      ConnectionSpec where = connection.resolve(terminal);
      try (Database database = Database.open(where, Limits.all(PATIENCE), 1)) {
        Ledger ledger = Ledger.existing(database, place.schema());
        List<RunEntry> runs = ledger.runs(named);
        // Of one run everything is told; the list of all stays a list.
        Function<RunEntry, List<Steering.Order>> asked =
            named == null ? run -> List.of() : ledger.steering()::of;
        terminal
            .out()
            .print(
                format == ScreenOptions.Output.JSON
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
