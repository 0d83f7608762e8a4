package org.pgbackfill.cli;

import org.pgbackfill.ledger.LedgerSchema;
import picocli.CommandLine.Option;

/** Which ledger is meant, where none is made. */
final class LedgerSchemaOption {
  @Option(
      names = "--ledger-schema",
      paramLabel = "NAME",
      defaultValue = LedgerSchema.DEFAULT_NAME,
      order = 24,
      description = "The ledger's schema. Default: ${DEFAULT-VALUE}.")
  private String schema;

  String schema() {
    return schema;
  }
}
