package org.pgbackfill.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What loads have that insert rows. */
final class InsertOptions {
  private final OptionSpec createTable =
      OptionSpec.builder("--create-table")
          .type(boolean.class)
          .initialValue(false)
          .order(21)
          .description(
              "Make the table with its indexes where it is missing: for CI and trials. Default:"
                  + " refuse.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(createTable);
  }

  boolean createsTable() {
    return createTable.getValue();
  }
}
