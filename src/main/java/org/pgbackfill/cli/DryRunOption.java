package org.pgbackfill.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Whether a run is only foreseen. */
final class DryRunOption {
  private final OptionSpec dryRun =
      OptionSpec.builder("--dry-run")
          .type(boolean.class)
          .initialValue(false)
          .order(22)
          .description(
              "Read everything, write nothing to the database, and say what a run would do."
                  + " Default: load.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(dryRun);
  }

  boolean isDryRun() {
    return dryRun.getValue();
  }
}
