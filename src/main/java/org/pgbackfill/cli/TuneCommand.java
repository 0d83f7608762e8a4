package org.pgbackfill.cli;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import org.pgbackfill.run.Knob;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** {@code pgbackfill tune}. */
final class TuneCommand implements Callable<Integer> {
  private static final String NONE = "none";

  private final SteeringOptions steering = new SteeringOptions();

  private final OptionSpec maxRate =
      OptionSpec.builder("--max-rate")
          .paramLabel("ROWS/S")
          .type(OptionalLong.class)
          .converters(new Count())
          .order(20)
          .description("Records in a second over all lanes, or none. Default: as it is.")
          .build();

  private final OptionSpec chunkSize =
      OptionSpec.builder("--chunk-size")
          .paramLabel("N")
          .type(Long.class)
          .order(21)
          .description("The most records in one transaction. Default: as it is.")
          .build();

  private final OptionSpec chunkTime =
      OptionSpec.builder("--chunk-time")
          .paramLabel("DURATION")
          .type(OptionalLong.class)
          .converters(new Millis())
          .order(22)
          .description("How long a chunk should take, or none. Default: as it is.")
          .build();

  private final OptionSpec maxLag =
      OptionSpec.builder("--max-lag")
          .paramLabel("DURATION")
          .type(OptionalLong.class)
          .converters(new Millis())
          .order(23)
          .description("How far a replica may be behind, or none. Default: as it is.")
          .build();

  private final OptionSpec maxActive =
      OptionSpec.builder("--max-active")
          .paramLabel("N")
          .type(OptionalLong.class)
          .converters(new Count())
          .order(24)
          .description("Active sessions of others, or none. Default: as it is.")
          .build();

  private final OptionSpec maxLockWaiters =
      OptionSpec.builder("--max-lock-waiters")
          .paramLabel("N")
          .type(OptionalLong.class)
          .converters(new Count())
          .order(25)
          .description("Sessions that wait behind the load, or none. Default: as it is.")
          .build();

  private final OptionSpec maxWalBacklog =
      OptionSpec.builder("--max-wal-backlog")
          .paramLabel("SEGMENTS")
          .type(OptionalLong.class)
          .converters(new Count())
          .order(26)
          .description("WAL files that wait to be archived, or none. Default: as it is.")
          .build();

  private final Terminal terminal;

  TuneCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    CommandSpec spec =
        Commands.spec(
            this,
            "Gives a run at work other limits, until it ends; none lifts one. The options mean what"
                + " they mean to contacts and jobs.%n");
    steering.addTo(spec);
    return spec.addOption(maxRate)
        .addOption(chunkSize)
        .addOption(chunkTime)
        .addOption(maxLag)
        .addOption(maxActive)
        .addOption(maxLockWaiters)
        .addOption(maxWalBacklog);
  }

  @Override
  public Integer call() {
    Map<Knob, OptionalLong> settings = new EnumMap<>(Knob.class);
    Long records = chunkSize.getValue();
    put(settings, Knob.MAX_RATE, maxRate.getValue());
    put(settings, Knob.CHUNK_SIZE, records == null ? null : OptionalLong.of(records));
    put(settings, Knob.CHUNK_TIME, chunkTime.getValue());
    put(settings, Knob.MAX_LAG, maxLag.getValue());
    put(settings, Knob.MAX_ACTIVE, maxActive.getValue());
    put(settings, Knob.MAX_LOCK_WAITERS, maxLockWaiters.getValue());
    put(settings, Knob.MAX_WAL_BACKLOG, maxWalBacklog.getValue());
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
