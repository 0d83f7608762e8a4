package org.pgbackfill.cli;

import org.pgbackfill.target.JobsTarget;
import picocli.CommandLine.Option;

/** Which queue has the jobs. */
final class PrefixOption {
  @Option(
      names = "--prefix",
      paramLabel = "NAME",
      defaultValue = JobsTarget.DEFAULT_PREFIX,
      order = 18,
      description =
          "What the queue's tables and channel start with, schema-qualified or not. Default:"
              + " ${DEFAULT-VALUE}.")
  private String prefix;

  String prefix() {
    return prefix;
  }
}
