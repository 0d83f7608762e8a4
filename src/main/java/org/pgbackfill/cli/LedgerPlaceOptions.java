package org.pgbackfill.cli;

import org.pgbackfill.ledger.LedgerSchema;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Where runs are written down. */
final class LedgerPlaceOptions {
  private final OptionSpec schema =
      OptionSpec.builder("--ledger-schema")
          .paramLabel("NAME")
          .type(String.class)
          .defaultValue(LedgerSchema.DEFAULT_NAME)
          .order(26)
          .description(
              "The ledger's schema in the target's database; made at first use. Default:"
                  + " ${DEFAULT-VALUE}.")
          .build();

  private final OptionSpec none =
      OptionSpec.builder("--no-ledger")
          .type(boolean.class)
          .initialValue(false)
          .order(27)
          .description(
              "Load without a ledger: the run can't be resumed, and two of them don't know of each"
                  + " other. Default: with one.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(schema).addOption(none);
  }

  /** Null for a load without one. */
  String schemaOrNone() {
    boolean isNone = none.getValue();
    return isNone ? null : schema.getValue();
  }
}
