package org.pgbackfill.cli;

import picocli.CommandLine.Option;

/** How many lanes load. */
final class ThreadsOption {
  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "4",
      order = 10,
      description = "Lanes: threads and connections, 1 to 64. Default: ${DEFAULT-VALUE}.")
  private int threads;

  int threads() {
    return threads;
  }
}
