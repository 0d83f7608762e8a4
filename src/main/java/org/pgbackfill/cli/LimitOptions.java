package org.pgbackfill.cli;

import java.time.Duration;
import org.pgbackfill.load.Limits;
import picocli.CommandLine.Option;

/** How long to wait for what. */
final class LimitOptions {
  @Option(
      names = "--retry-time",
      paramLabel = "DURATION",
      converter = Durations.class,
      defaultValue = "2m",
      order = 13,
      description =
          "How long a chunk is tried again after what may pass: a lost connection, a deadlock with"
              + " others, a lock. Default: ${DEFAULT-VALUE}.")
  private Duration retry;

  @Option(
      names = "--lock-timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      defaultValue = "10s",
      order = 14,
      description =
          "How long a statement waits for a lock; then it is tried again. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration lock;

  @Option(
      names = "--statement-timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      defaultValue = "2m",
      order = 15,
      description =
          "How long a statement may take; then its chunk is split. Default: ${DEFAULT-VALUE}.")
  private Duration statement;

  @Option(
      names = "--idle-timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      defaultValue = "1m",
      order = 16,
      description =
          "How long the server lets a transaction of ours stay idle, should we be gone. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration idle;

  Limits limits() {
    return new Limits(lock, statement, idle, retry);
  }
}
