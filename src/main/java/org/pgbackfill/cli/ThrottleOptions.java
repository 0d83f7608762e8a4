package org.pgbackfill.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.pgbackfill.run.Knob;
import org.pgbackfill.run.ThrottlePlan;
import picocli.CommandLine.Option;

/** What a load holds back for; it looks once a second, and begins no chunk while it is held. */
final class ThrottleOptions {
  @Option(
      names = "--chunk-time",
      paramLabel = "DURATION",
      converter = Durations.class,
      order = 17,
      description =
          "Let chunks grow and shrink towards this time each, from 100 records to --chunk-size."
              + " Default: always --chunk-size.")
  private Duration chunkTime;

  @Option(
      names = "--max-rate",
      paramLabel = "ROWS/S",
      order = 17,
      description = "So many records in a second over all lanes, and no more. Default: any number.")
  private Long maxRate;

  @Option(
      names = "--max-lag",
      paramLabel = "DURATION",
      converter = Durations.class,
      order = 17,
      description =
          "Hold the load while a connected replica is further behind. Default: don't ask.")
  private Duration maxLag;

  @Option(
      names = "--max-active",
      paramLabel = "N",
      order = 17,
      description =
          "Hold the load while more sessions of others are active on the server. Default: don't"
              + " ask.")
  private Long maxActive;

  @Option(
      names = "--max-lock-waiters",
      paramLabel = "N",
      order = 17,
      description =
          "Hold the load while more sessions have waited behind it for over a second. Default: 0,"
              + " where that can be seen.")
  private Long maxLockWaiters;

  @Option(
      names = "--max-wal-backlog",
      paramLabel = "SEGMENTS",
      order = 17,
      description = "Hold the load while more WAL files wait to be archived. Default: don't ask.")
  private Long maxWalBacklog;

  @Option(
      names = "--throttle-query",
      paramLabel = "SQL",
      order = 17,
      description =
          "Hold the load while this query, which may only read, gives true, or fails. Default:"
              + " none.")
  private String query;

  @Option(
      names = "--throttle-file",
      paramLabel = "PATH",
      order = 17,
      description = "Hold the load while this file is there. Default: none.")
  private Path file;

  ThrottlePlan plan() {
    Map<Knob, Long> limits = new EnumMap<>(Knob.class);
    put(limits, Knob.MAX_RATE, maxRate);
    put(limits, Knob.CHUNK_TIME, millis(chunkTime));
    put(limits, Knob.MAX_LAG, millis(maxLag));
    put(limits, Knob.MAX_ACTIVE, maxActive);
    put(limits, Knob.MAX_LOCK_WAITERS, maxLockWaiters);
    put(limits, Knob.MAX_WAL_BACKLOG, maxWalBacklog);
    return new ThrottlePlan(limits, query, file);
  }

  private static Long millis(Duration time) {
    return time == null ? null : time.toMillis();
  }

  private static void put(Map<Knob, Long> limits, Knob knob, Long value) {
    if (value != null) {
      limits.put(knob, value);
    }
  }
}
