package org.pgbackfill.cli;

import org.pgbackfill.target.OnExisting;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What becomes of contacts that are there, or became of them. */
final class OnExistingOption {
  private final OptionSpec mode;

  /**
   * Keep unless it is given.
   *
   * @param description what the modes mean to the command
   */
  OnExistingOption(String description) {
    mode =
        OptionSpec.builder("--on-existing")
            .paramLabel("MODE")
            .type(OnExisting.class)
            .defaultValue("keep")
            .order(20)
            .description(description + " Default: ${DEFAULT-VALUE}.")
            .build();
  }

  /** Adds the option to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(mode);
  }

  OnExisting mode() {
    return mode.getValue();
  }
}
