package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.LedgerSchema;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pgbackfill ledger}: for a DBA who makes the ledger beforehand. */
@Command(
    name = "ledger",
    header = "Print the SQL that makes the ledger.",
    sortOptions = false,
    description =
        "Prints the SQL that makes the ledger's tables, for a DBA who makes them beforehand.%n")
final class LedgerCommand implements Callable<Integer> {
  @Mixin private LedgerSchemaOption ledger;

  @Option(
      names = "--account",
      paramLabel = "ROLE",
      order = 25,
      description = "Who loads, and gets the rights. Default: a made-up name, to be replaced.")
  private String account;

  @SuppressWarnings("UnusedVariable")
  @Mixin
  private HelpOption help;

  private final Terminal terminal;

  LedgerCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    terminal.out().print(LedgerSchema.ddl(ledger.schema(), account));
    return ExitStatus.LOADED.code();
  }
}
