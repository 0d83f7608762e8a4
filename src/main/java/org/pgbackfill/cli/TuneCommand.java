package org.pgbackfill.cli;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import org.pgbackfill.run.Knob;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code pgbackfill tune}. */
@Command(
    name = "tune",
    header = "Give a run at work other limits.",
    sortOptions = false,
    description =
        "Gives a run at work other limits, until it ends; none lifts one. The options mean what"
            + " they mean to contacts and jobs.%n")
final class TuneCommand implements Callable<Integer> {
  private static final String NONE = "none";

  @Mixin private SteeringOptions steering;

  @Option(
      names = "--max-rate",
      paramLabel = "ROWS/S",
      converter = Count.class,
      order = 20,
      description = "Records in a second over all lanes, or none. Default: as it is.")
  private OptionalLong maxRate;

  @Option(
      names = "--chunk-size",
      paramLabel = "N",
      order = 21,
      description = "The most records in one transaction. Default: as it is.")
  private Long chunkSize;

  @Option(
      names = "--chunk-time",
      paramLabel = "DURATION",
      converter = Millis.class,
      order = 22,
      description = "How long a chunk should take, or none. Default: as it is.")
  private OptionalLong chunkTime;

  @Option(
      names = "--max-lag",
      paramLabel = "DURATION",
      converter = Millis.class,
      order = 23,
      description = "How far a replica may be behind, or none. Default: as it is.")
  private OptionalLong maxLag;

  @Option(
      names = "--max-active",
      paramLabel = "N",
      converter = Count.class,
      order = 24,
      description = "Active sessions of others, or none. Default: as it is.")
  private OptionalLong maxActive;

  @Option(
      names = "--max-lock-waiters",
      paramLabel = "N",
      converter = Count.class,
      order = 25,
      description = "Sessions that wait behind the load, or none. Default: as it is.")
  private OptionalLong maxLockWaiters;

  @Option(
      names = "--max-wal-backlog",
      paramLabel = "SEGMENTS",
      converter = Count.class,
      order = 26,
      description = "WAL files that wait to be archived, or none. Default: as it is.")
  private OptionalLong maxWalBacklog;

  private final Terminal terminal;

  TuneCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Map<Knob, OptionalLong> settings = new EnumMap<>(Knob.class);
    put(settings, Knob.MAX_RATE, maxRate);
    put(settings, Knob.CHUNK_SIZE, chunkSize == null ? null : OptionalLong.of(chunkSize));
    put(settings, Knob.CHUNK_TIME, chunkTime);
    put(settings, Knob.MAX_LAG, maxLag);
    put(settings, Knob.MAX_ACTIVE, maxActive);
    put(settings, Knob.MAX_LOCK_WAITERS, maxLockWaiters);
    put(settings, Knob.MAX_WAL_BACKLOG, maxWalBacklog);
    try {
      if (settings.isEmpty()) {
        throw new IllegalArgumentException(
            "nothing to tune; expected at least one limit, such as --max-rate 500");
      }
      settings.forEach((knob, value) -> value.ifPresent(knob::check));
    } catch (IllegalArgumentException e) {
      return terminal.fail(ExitStatus.USAGE, e);
    }
    String text = Knob.text(settings);
    return steering.ask(terminal, Steering.Action.TUNE, text, "is tuned: " + text);
  }

  private static void put(Map<Knob, OptionalLong> settings, Knob knob, OptionalLong value) {
    if (value != null) {
      settings.put(knob, value);
    }
  }

  /** A number, or none. */
  static final class Count implements ITypeConverter<OptionalLong> {
    @Override
    public OptionalLong convert(String text) {
      try {
        return text.equals(NONE) ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "\"" + text + "\" is not a number; expected one such as 500, or none");
      }
    }
  }

  /** A duration, or none. */
  static final class Millis implements ITypeConverter<OptionalLong> {
    @Override
    public OptionalLong convert(String text) {
      return text.equals(NONE)
          ? OptionalLong.empty()
          : OptionalLong.of(new Durations().convert(text).toMillis());
    }
  }
}
