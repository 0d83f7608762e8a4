package org.pgbackfill.run;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.pgbackfill.ledger.Hold;
import org.pgbackfill.load.ChunkLoader;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.LiveSystem;
import org.pgbackfill.load.Retries;
import org.pgbackfill.report.BlastRadius;

/**
 * How a run behaves towards the live system: when its chunks begin, how large they are, and what it
 * has to say about that at the end. Safe between threads.
 */
final class Restraint {
  private final ThrottlePlan plan;
  private final Stop stop;
  private final Consumer<String> notices;
  private final Rate rate;
  private final Pace pace;
  private final Throttle throttle;

  /** Null where the server does not say. */
  private Long walAtStart;

  Restraint(RunPlan run, Stop stop, Consumer<String> notices) {
    this.plan = run.throttle();
    this.stop = stop;
    this.notices = notices;
    Long millis = plan.limits().get(Knob.CHUNK_TIME);
    this.rate = new Rate(plan.limits().get(Knob.MAX_RATE), System::nanoTime);
    this.pace = new Pace(run.chunkSize(), millis == null ? null : Duration.ofMillis(millis), rate);
    this.throttle = new Throttle(plan, rate, stop, notices, System::nanoTime);
  }

  /** Refuses what can't be seen, before the run is begun. */
  void check(Database database) {
    if (plan.query() != null || !plan.gauges().isEmpty()) {
      LiveSystem.require(database, plan.gauges(), plan.query());
    }
  }

  /** Begins to look; to be closed by the caller. */
  Lookout watch(Database database, Hold hold, Consumer<Exception> failed) {
    walAtStart = LiveSystem.walBytes(database);
    return Lookout.start(new LiveSystem(database, hold.name()), hold, this, stop, notices, failed);
  }

  /** Whether the first chunk has to wait for the first look. */
  boolean looksFirst() {
    return plan.looksFirst();
  }

  /** What holds the load. */
  Throttle throttle() {
    return throttle;
  }

  /** Turns a knob while the run is at work; empty lifts a limit. */
  void set(Knob knob, OptionalLong value) {
    switch (knob) {
      case MAX_RATE -> rate.set(value.isPresent() ? value.getAsLong() : null);
      case CHUNK_SIZE -> value.ifPresent(records -> pace.setMost((int) records));
      case CHUNK_TIME ->
          pace.setChunkTime(value.isPresent() ? Duration.ofMillis(value.getAsLong()) : null);
      case MAX_LAG, MAX_ACTIVE, MAX_LOCK_WAITERS, MAX_WAL_BACKLOG -> throttle.set(knob, value);
    }
  }

  Pace pace() {
    return pace;
  }

  /** For a status line. */
  String status() {
    return throttle.status();
  }

  /**
   * Loads a lane's part chunk by chunk, each when it may begin; leaves the rest when the run stops.
   */
  void load(Window.Part part, Consumer<Window.Part> chunks) {
    for (Window.Part rest = part; rest != null; ) {
      Window.Part chunk = rest.first(pace.next());
      if (!throttle.pass(chunk.size())) {
        return;
      }
      long start = System.nanoTime();
      chunks.accept(chunk);
      pace.loaded(chunk.size(), Duration.ofNanos(System.nanoTime() - start));
      rest = rest.behind(chunk.size());
    }
  }

  /**
   * What there is to say at the end.
   *
   * @param database null when it is not to be asked any more
   * @param loader null where nothing was begun
   */
  BlastRadius blastRadius(Database database, Retries retries, ChunkLoader loader) {
    Long walAtEnd = walAtStart == null || database == null ? null : LiveSystem.walBytes(database);
    Map<String, Duration> heldBy = new TreeMap<>();
    throttle.heldByReason().forEach((reason, time) -> heldBy.put(reason.word(), time));
    return new BlastRadius(
        retries.byState(),
        loader == null ? 0 : loader.rolledBackRows(),
        walAtEnd == null ? null : walAtEnd - walAtStart,
        throttle.mostWaiting(),
        throttle.longestWait(),
        throttle.mostLag(),
        throttle.heldAltogether(),
        heldBy);
  }
}
