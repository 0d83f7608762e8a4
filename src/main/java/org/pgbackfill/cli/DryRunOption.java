package org.pgbackfill.cli;

import picocli.CommandLine.Option;

/** Whether a run is only foreseen. */
final class DryRunOption {
  @Option(
      names = "--dry-run",
      order = 22,
      description =
          "Read everything, write nothing to the database, and say what a run would do. Default:"
              + " load.")
  private boolean dryRun;

  boolean isDryRun() {
    return dryRun;
  }
}
