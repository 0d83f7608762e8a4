package org.pgbackfill.cli;

import org.pgbackfill.target.ContactsTarget;
import picocli.CommandLine.Option;

/** Which table has the contacts. */
final class TableOption {
  @Option(
      names = "--table",
      paramLabel = "NAME",
      defaultValue = ContactsTarget.DEFAULT_TABLE,
      order = 18,
      description = "The table, schema-qualified or not. Default: ${DEFAULT-VALUE}.")
  private String table;

  String table() {
    return table;
  }
}
