package org.pgbackfill.cli;

import picocli.CommandLine.Option;

/** {@code --help}, which Picocli answers by itself. */
@SuppressWarnings("UnusedVariable")
final class HelpOption {
  @Option(names = "--help", usageHelp = true, order = 90, description = "Show this help.")
  private boolean help;
}
