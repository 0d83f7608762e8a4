package org.pgbackfill.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.pgbackfill.load.Gauge;
import org.pgbackfill.load.Sighting;

/**
 * Deliberate waiting for the live system's sake. Lanes ask before each chunk, outside of a
 * transaction: a held load holds no lock and no snapshot. What holds is decided by what the {@link
 * Lookout} sees. Safe between threads.
 */
final class Throttle {
  /** Why a load waits. */
  enum Reason {
    /** A replica is behind. */
    LAG,
    /** Others are at work. */
    ACTIVE,
    /** Others wait behind us. */
    LOCK_WAITERS,
    /** The archiver is behind. */
    WAL_BACKLOG,
    /** The operator's query says so. */
    QUERY,
    /** The operator's file is there. */
    FILE,
    /** Somebody has asked for it. */
    PAUSE,
    /** So many records in a second, and no more. */
    RATE;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static final Duration LOOK_UP = Duration.ofMillis(100);

  /** Without a limit of the operator's nobody has to wait behind the load for long. */
  private static final long DEFAULT_LOCK_WAITERS = 0;

  private final Stop stop;
  private final Consumer<String> notices;
  private final Rate rate;
  private final String query;
  private final Path file;
  private final boolean looksFirst;
  private final Map<Gauge, Long> limits = new EnumMap<>(Gauge.class);
  private final Set<Gauge> asked = EnumSet.noneOf(Gauge.class);
  private final HeldTime held;
  private Sighting seen;
  private String pausedBy;
  private int payingLanes;
  private Map<Reason, String> why = Map.of();
  private long mostWaiting;
  private long longestWaitMillis;
  private long mostLagMillis;
  private boolean sawWaiting;
  private boolean sawLag;
  private boolean isOver;

  /**
   * Holds nothing before the first look, unless the plan says that it is to be waited for.
   *
   * @param clock nanoseconds
   */
  Throttle(ThrottlePlan plan, Rate rate, Stop stop, Consumer<String> notices, LongSupplier clock) {
    this.stop = stop;
    this.notices = notices;
    this.rate = rate;
    this.query = plan.query();
    this.file = plan.file();
    this.looksFirst = plan.looksFirst();
    this.held = new HeldTime(clock);
    limits.put(Gauge.LOCK_WAITERS, DEFAULT_LOCK_WAITERS);
    plan.limits().forEach((knob, value) -> set(knob, OptionalLong.of(value)));
  }

  /** Sets a limit that something is held against; others are not for this. */
  synchronized void set(Knob knob, OptionalLong value) {
    Gauge gauge = knob.gauge();
    if (gauge != null && value.isPresent()) {
      limits.put(gauge, value.getAsLong());
      asked.add(gauge);
    } else if (gauge != null) {
      limits.remove(gauge);
      asked.remove(gauge);
    }
  }

  /** The figures that the operator has set a limit for. */
  synchronized Set<Gauge> asked() {
    return Set.copyOf(asked);
  }

  /** The operator's; null for none. */
  String query() {
    return query;
  }

  /** Takes what the last look has shown. */
  synchronized void see(Sighting sighting) {
    seen = sighting;
    Long waiting = sighting.waiting();
    if (waiting != null) {
      sawWaiting = true;
      mostWaiting = Math.max(mostWaiting, waiting);
      longestWaitMillis = Math.max(longestWaitMillis, sighting.longestWaitMillis());
    }
    Long lag = sighting.values().get(Gauge.LAG);
    if (lag != null) {
      sawLag = true;
      mostLagMillis = Math.max(mostLagMillis, lag);
    }
    decide();
  }

  /** Holds until {@link #unpause}. */
  synchronized void pause(String by) {
    pausedBy = by;
    decide();
  }

  /** Takes back what {@link #pause} did. */
  synchronized void unpause() {
    pausedBy = null;
    decide();
  }

  private void decide() {
    if (isOver) {
      return;
    }
    Map<Reason, String> now = new EnumMap<>(Reason.class);
    for (Gauge gauge : limits.keySet()) {
      String reason = reason(gauge);
      if (reason != null) {
        now.put(Reason.valueOf(gauge.name()), reason);
      }
    }
    if (query != null && seen != null && (seen.query() != null || seen.fault() != null)) {
      now.put(Reason.QUERY, seen.query() != null ? seen.query() : unknown("query"));
    }
    // What can't be told to be gone is taken to be there.
    if (file != null && !Files.notExists(file)) {
      now.put(Reason.FILE, "file " + file + " is there");
    }
    if (pausedBy != null) {
      now.put(Reason.PAUSE, "paused by " + pausedBy);
    }
    tell(now);
    why = now;
    account();
  }

  private String reason(Gauge gauge) {
    Long value = seen == null ? null : seen.values().get(gauge);
    if (value == null) {
      return seen != null && asked.contains(gauge) ? unknown(word(gauge)) : null;
    }
    long limit = limits.get(gauge);
    return value > limit
        ? word(gauge) + " " + shown(gauge, value) + " > " + shown(gauge, limit)
        : null;
  }

  /** Nobody knows whether the load may go on; so it does not. */
  private String unknown(String what) {
    return what
        + " unknown"
        + (seen.fault() == null ? "" : ": the server can't be asked: " + seen.fault());
  }

  private static String word(Gauge gauge) {
    return switch (gauge) {
      case LAG -> "lag";
      case ACTIVE -> "active sessions";
      case LOCK_WAITERS -> "lock waiters";
      case WAL_BACKLOG -> "WAL backlog";
    };
  }

  private static String shown(Gauge gauge, long value) {
    return switch (gauge) {
      case LAG -> String.format(Locale.ROOT, "%.1f s", value / 1000.0);
      case WAL_BACKLOG -> value + " files";
      case ACTIVE, LOCK_WAITERS -> Long.toString(value);
    };
  }

  /** Once when it begins, for another reason, and when it is over; not at every look. */
  private void tell(Map<Reason, String> now) {
    if (!now.keySet().equals(why.keySet())) {
      notices.accept(
          now.isEmpty()
              ? String.format(
                  Locale.ROOT,
                  "goes on; held for %.1f s so far",
                  held.altogether().toMillis() / 1e3)
              : "held: " + String.join(", ", now.values()));
    }
  }

  private void account() {
    Set<Reason> holding = EnumSet.noneOf(Reason.class);
    holding.addAll(why.keySet());
    if (payingLanes > 0) {
      holding.add(Reason.RATE);
    }
    held.set(holding);
  }

  /**
   * Waits until nothing holds and the rate lets so many records through.
   *
   * @return false when the run stops instead
   */
  boolean pass(int records) {
    boolean pays = false;
    try {
      while (!stop.isRequested()) {
        Duration wait = isHeld() ? LOOK_UP : rate.take(records);
        if (wait.isZero()) {
          return true;
        }
        if (!pays && !isHeld()) {
          pays = true;
          paying(1);
        }
        var unused = stop.pass(wait.compareTo(LOOK_UP) < 0 ? wait : LOOK_UP);
      }
      return false;
    } finally {
      if (pays) {
        paying(-1);
      }
    }
  }

  /**
   * Whether somebody wants the load to hold who says himself when it may go on. What the server
   * tells is another matter: work that is tried again because it is away must come to its end.
   */
  synchronized boolean isHeldByHand() {
    return why.containsKey(Reason.PAUSE) || why.containsKey(Reason.FILE);
  }

  /** Nobody looks any more: what held so far would hold for ever. A look on its way comes late. */
  synchronized void letGo() {
    isOver = true;
    why = Map.of();
    account();
  }

  private synchronized boolean isHeld() {
    return !why.isEmpty() || (looksFirst && seen == null);
  }

  private synchronized void paying(int more) {
    payingLanes += more;
    account();
  }

  /** For a status line: why the load is held, and each limit with its figure; empty for nothing. */
  synchronized String status() {
    StringJoiner status = new StringJoiner(", ");
    status.setEmptyValue("");
    if (!why.isEmpty()) {
      // First, for a bar is cut where the terminal ends.
      status.add("held: " + String.join(", ", why.values()));
    }
    if (rate.perSecond() != null) {
      status.add(String.format(Locale.ROOT, "at most %,d/s", rate.perSecond()));
    }
    for (Gauge gauge : asked) {
      Long value = seen == null ? null : seen.values().get(gauge);
      status.add(
          word(gauge)
              + " "
              + (value == null ? "unknown" : shown(gauge, value))
              + " of "
              + shown(gauge, limits.get(gauge)));
    }
    return status.toString();
  }

  /** Null while nobody has looked. */
  synchronized Long mostWaiting() {
    return sawWaiting ? mostWaiting : null;
  }

  /** As far as looks have shown. */
  synchronized Duration longestWait() {
    return Duration.ofMillis(longestWaitMillis);
  }

  /** Null where nobody has looked, or may not see it. */
  synchronized Duration mostLag() {
    return sawLag ? Duration.ofMillis(mostLagMillis) : null;
  }

  /** How long no chunk could begin, for whatever reason. */
  synchronized Duration heldAltogether() {
    return held.altogether();
  }

  /** By reason; reasons that held together count each. */
  synchronized Map<Reason, Duration> heldByReason() {
    return held.byReason();
  }
}
