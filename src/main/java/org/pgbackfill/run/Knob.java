package org.pgbackfill.run;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.StringJoiner;
import org.pgbackfill.load.Gauge;

/** What of a run can be turned while it is at work, too: one number each. */
public enum Knob {
  /** Records in a second, over all lanes. */
  MAX_RATE(1, Long.MAX_VALUE, "", null),
  /** The most records in one transaction. */
  CHUNK_SIZE(1, RunPlan.MAX_CHUNK_SIZE, "", null),
  /** How long a chunk should take, in milliseconds. */
  CHUNK_TIME(1, Long.MAX_VALUE, "ms", null),
  /** In milliseconds. */
  MAX_LAG(0, Long.MAX_VALUE, "ms", Gauge.LAG),
  /** Sessions. */
  MAX_ACTIVE(0, Long.MAX_VALUE, "", Gauge.ACTIVE),
  /** Sessions. */
  MAX_LOCK_WAITERS(0, Long.MAX_VALUE, "", Gauge.LOCK_WAITERS),
  /** WAL files. */
  MAX_WAL_BACKLOG(0, Long.MAX_VALUE, "", Gauge.WAL_BACKLOG);

  private static final String NONE = "none";

  private final long least;
  private final long most;
  private final String unit;
  private final Gauge gauge;

  Knob(long least, long most, String unit, Gauge gauge) {
    this.least = least;
    this.most = most;
    this.unit = unit;
    this.gauge = gauge;
  }

  /** What is held against it; null where it holds nothing. */
  Gauge gauge() {
    return gauge;
  }

  /**
   * The option that sets it.
   *
   * @return without its dashes
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Refuses a number that makes no sense.
   *
   * @param value in the knob's own unit
   * @throws IllegalArgumentException with what is expected
   */
  public void check(long value) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "--"
              + word()
              + " "
              + value
              + unit
              + ": expected "
              + least
              + unit
              + (most == Long.MAX_VALUE ? " or more" : " to " + most));
    }
  }

  /**
   * Settings as the ledger keeps them.
   *
   * @param settings by knob; empty lifts a limit
   * @return such as {@code max-rate=500 chunk-time=200ms max-lag=none}
   */
  public static String text(Map<Knob, OptionalLong> settings) {
    StringJoiner text = new StringJoiner(" ");
    settings.forEach(
        (knob, value) ->
            text.add(
                knob.word() + "=" + (value.isPresent() ? value.getAsLong() + knob.unit : NONE)));
    return text.toString();
  }

  /**
   * The other way round.
   *
   * @throws IllegalArgumentException when it is nothing that {@link #text} makes
   */
  static Map<Knob, OptionalLong> parse(String text) {
    Map<Knob, OptionalLong> settings = new EnumMap<>(Knob.class);
    for (String setting : text.split(" ", -1)) {
      int equals = setting.indexOf('=');
      Knob knob =
          valueOf(
              setting.substring(0, Math.max(0, equals)).toUpperCase(Locale.ROOT).replace('-', '_'));
      String value = setting.substring(equals + 1);
      OptionalLong number =
          value.equals(NONE)
              ? OptionalLong.empty()
              : OptionalLong.of(Long.parseLong(value.replaceFirst(knob.unit + "$", "")));
      number.ifPresent(knob::check);
      settings.put(knob, number);
    }
    return settings;
  }
}
