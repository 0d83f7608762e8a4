package org.pgbackfill.cli;

import java.time.Duration;
import org.pgbackfill.load.Limits;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** How long to wait for what. */
final class LimitOptions {
  private final OptionSpec retry =
      OptionSpec.builder("--retry-time")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .defaultValue("2m")
          .order(13)
          .description(
              "How long a chunk is tried again after what may pass: a lost connection, a deadlock"
                  + " with others, a lock. Default: ${DEFAULT-VALUE}.")
          .build();

  private final OptionSpec lock =
      OptionSpec.builder("--lock-timeout")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .defaultValue("10s")
          .order(14)
          .description(
              "How long a statement waits for a lock; then it is tried again. Default:"
                  + " ${DEFAULT-VALUE}.")
          .build();

  private final OptionSpec statement =
      OptionSpec.builder("--statement-timeout")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .defaultValue("2m")
          .order(15)
          .description(
              "How long a statement may take; then its chunk is split. Default: ${DEFAULT-VALUE}.")
          .build();

  private final OptionSpec idle =
      OptionSpec.builder("--idle-timeout")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .defaultValue("1m")
          .order(16)
          .description(
              "How long the server lets a transaction of ours stay idle, should we be gone."
                  + " Default: ${DEFAULT-VALUE}.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(retry).addOption(lock).addOption(statement).addOption(idle);
  }

  Limits limits() {
    return new Limits(lock.getValue(), statement.getValue(), idle.getValue(), retry.getValue());
  }
}
