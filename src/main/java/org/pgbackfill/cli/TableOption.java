package org.pgbackfill.cli;

import org.pgbackfill.target.ContactsTarget;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Which table has the contacts. */
final class TableOption {
  private final OptionSpec table =
      OptionSpec.builder("--table")
          .paramLabel("NAME")
          .type(String.class)
          .defaultValue(ContactsTarget.DEFAULT_TABLE)
          .order(18)
          .description("The table, schema-qualified or not. Default: ${DEFAULT-VALUE}.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(table);
  }

  String table() {
    return table.getValue();
  }
}
