package org.pgbackfill.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** How many lanes load. */
final class ThreadsOption {
  private final OptionSpec threads =
      OptionSpec.builder("--threads")
          .paramLabel("N")
          .type(int.class)
          .defaultValue("4")
          .order(10)
          .description("Lanes: threads and connections, 1 to 64. Default: ${DEFAULT-VALUE}.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(threads);
  }

  int threads() {
    return threads.getValue();
  }
}
