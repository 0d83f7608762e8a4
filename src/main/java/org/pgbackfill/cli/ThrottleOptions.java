package org.pgbackfill.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.pgbackfill.run.Knob;
import org.pgbackfill.run.ThrottlePlan;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What a load holds back for; it looks once a second, and begins no chunk while it is held. */
final class ThrottleOptions {
  private final OptionSpec chunkTime =
      OptionSpec.builder("--chunk-time")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .order(17)
          .description(
              "Let chunks grow and shrink towards this time each, from 100 records to --chunk-size."
                  + " Default: always --chunk-size.")
          .build();

  private final OptionSpec maxRate =
      OptionSpec.builder("--max-rate")
          .paramLabel("ROWS/S")
          .type(Long.class)
          .order(17)
          .description(
              "So many records in a second over all lanes, and no more. Default: any number.")
          .build();

  private final OptionSpec maxLag =
      OptionSpec.builder("--max-lag")
          .paramLabel("DURATION")
          .type(Duration.class)
          .converters(new Durations())
          .order(17)
          .description(
              "Hold the load while a connected replica is further behind. Default: don't ask.")
          .build();

  private final OptionSpec maxActive =
      OptionSpec.builder("--max-active")
          .paramLabel("N")
          .type(Long.class)
          .order(17)
          .description(
              "Hold the load while more sessions of others are active on the server. Default: don't"
                  + " ask.")
          .build();

  private final OptionSpec maxLockWaiters =
      OptionSpec.builder("--max-lock-waiters")
          .paramLabel("N")
          .type(Long.class)
          .order(17)
          .description(
              "Hold the load while more sessions have waited behind it for over a second. Default:"
                  + " 0, where that can be seen.")
          .build();

  private final OptionSpec maxWalBacklog =
      OptionSpec.builder("--max-wal-backlog")
          .paramLabel("SEGMENTS")
          .type(Long.class)
          .order(17)
          .description(
              "Hold the load while more WAL files wait to be archived. Default: don't ask.")
          .build();

  private final OptionSpec query =
      OptionSpec.builder("--throttle-query")
          .paramLabel("SQL")
          .type(String.class)
          .order(17)
          .description(
              "Hold the load while this query, which may only read, gives true, or fails. Default:"
                  + " none.")
          .build();

  private final OptionSpec file =
      OptionSpec.builder("--throttle-file")
          .paramLabel("PATH")
          .type(Path.class)
          .order(17)
          .description("Hold the load while this file is there. Default: none.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(chunkTime)
        .addOption(maxRate)
        .addOption(maxLag)
        .addOption(maxActive)
        .addOption(maxLockWaiters)
        .addOption(maxWalBacklog)
        .addOption(query)
        .addOption(file);
  }

  ThrottlePlan plan() {
    Map<Knob, Long> limits = new EnumMap<>(Knob.class);
    put(limits, Knob.MAX_RATE, maxRate.getValue());
    put(limits, Knob.CHUNK_TIME, millis(chunkTime.getValue()));
    put(limits, Knob.MAX_LAG, millis(maxLag.getValue()));
    put(limits, Knob.MAX_ACTIVE, maxActive.getValue());
    put(limits, Knob.MAX_LOCK_WAITERS, maxLockWaiters.getValue());
    put(limits, Knob.MAX_WAL_BACKLOG, maxWalBacklog.getValue());
    return new ThrottlePlan(limits, query.getValue(), file.getValue());
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
