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

  @Option(
      names = "--dry-run",
      order = 22,
      description =
          "Read everything, write nothing to the database, and say what a run would do. Default:"
              + " load.")
  private boolean dryRun;

  boolean createsTable() {
    return createTable;
  }

  boolean isDryRun() {
    return dryRun;
  }
}
