package org.pgbackfill.cli;

import picocli.CommandLine.Option;

/** What loads have that insert rows. */
final class InsertOptions {
  @Option(
      names = "--create-table",
      order = 21,
      description =
          "Make the table with its indexes where it is missing: for CI and trials. Default:"
              + " refuse.")
  private boolean createTable;

  boolean createsTable() {
    return createTable;
  }
}
