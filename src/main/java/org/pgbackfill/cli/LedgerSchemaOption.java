package org.pgbackfill.cli;

import org.pgbackfill.ledger.LedgerSchema;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Which ledger is meant, where none is made. */
final class LedgerSchemaOption {
  private final OptionSpec schema =
      OptionSpec.builder("--ledger-schema")
          .paramLabel("NAME")
          .type(String.class)
          .defaultValue(LedgerSchema.DEFAULT_NAME)
          .order(24)
          .description("The ledger's schema. Default: ${DEFAULT-VALUE}.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(schema);
  }

  String schema() {
    return schema.getValue();
  }
}
