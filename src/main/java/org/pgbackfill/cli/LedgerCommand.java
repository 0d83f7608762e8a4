package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.LedgerSchema;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code pgbackfill ledger}: for a DBA who makes the ledger beforehand. */
final class LedgerCommand implements Callable<Integer> {
  private final LedgerSchemaOption ledger = new LedgerSchemaOption();

  private final OptionSpec account =
      OptionSpec.builder("--account")
          .paramLabel("ROLE")
          .type(String.class)
          .order(25)
          .description("Who loads, and gets the rights. Default: a made-up name, to be replaced.")
          .build();

  private final Terminal terminal;

  LedgerCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    CommandSpec spec =
        Commands.spec(
            this,
            "Prints the SQL that makes the ledger's tables, for a DBA who makes them"
                + " beforehand.%n");
    ledger.addTo(spec);
    return spec.addOption(account);
  }

  @Override
  public Integer call() {
    terminal.out().print(LedgerSchema.ddl(ledger.schema(), account.getValue()));
    return ExitStatus.LOADED.code();
  }
}
