package org.pgbackfill.cli;

import picocli.CommandLine.Option;

/** What becomes of a missing table, where rows are inserted. */
final class CreateTableOption {
  @Option(
      names = "--create-table",
      order = 21,
      description =
          "Make the table with its indexes where it is missing: for CI and trials. Default:"
              + " refuse.")
  private boolean createTable;

  boolean isMade() {
    return createTable;
  }
}
