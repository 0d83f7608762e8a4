package org.pgbackfill.run;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.pgbackfill.ledger.Hold;
import org.pgbackfill.ledger.Steering;
import org.pgbackfill.load.Gauge;
import org.pgbackfill.load.LiveSystem;

/**
 * Looks at the live system once a second beside the load, and hears what operators ask of the run:
 * one thread, one session.
 */
final class Lookout implements AutoCloseable {
  /** What is asked of a run is done within two of them. */
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** How long an end waits for a look on its way. */
  private static final Duration LAST_LOOK = Duration.ofSeconds(2);

  private final LiveSystem live;
  private final Hold hold;
  private final Restraint restraint;
  private final Stop stop;
  private final Consumer<String> notices;
  private final Thread thread;
  private String deaf;

  private Lookout(
      LiveSystem live,
      Hold hold,
      Restraint restraint,
      Stop stop,
      Consumer<String> notices,
      Consumer<Exception> failed) {
    this.live = live;
    this.hold = hold;
    this.restraint = restraint;
    this.stop = stop;
    this.notices = notices;
    this.thread = new Thread(() -> run(failed), "lookout");
    thread.setDaemon(true);
  }

  /**
   * Begins to look: at once where the load waits for it, otherwise after a while, for a small load
   * is over before that.
   */
  static Lookout start(
      LiveSystem live,
      Hold hold,
      Restraint restraint,
      Stop stop,
      Consumer<String> notices,
      Consumer<Exception> failed) {
    Lookout lookout = new Lookout(live, hold, restraint, stop, notices, failed);
    lookout.thread.start();
    return lookout;
  }

  private void run(Consumer<Exception> failed) {
    try {
      boolean goesOn = restraint.looksFirst() || stop.pass(INTERVAL);
      while (goesOn && !thread.isInterrupted()) {
        long start = System.nanoTime();
        hear();
        look();
        Duration left = INTERVAL.minusNanos(System.nanoTime() - start);
        goesOn = stop.pass(left.isNegative() ? Duration.ZERO : left);
      }
    } catch (RuntimeException e) {
      // Lanes that are held would wait for ever for somebody to let them go.
      failed.accept(e);
    }
  }

  private void look() {
    Throttle throttle = restraint.throttle();
    restraint.see(live.look(throttle.asked(), throttle.query()));
  }

  private void hear() {
    String fault = live.visit(session -> hold.takeOrders(session, this::obey));
    if (fault != null && deaf == null) {
      notices.accept("pause, tune and stop are not heard for now: " + fault);
    }
    deaf = fault;
  }

  /** Null when it is done; else why not. */
  private String obey(Steering.Order order) {
    switch (order.action()) {
      case PAUSE -> restraint.throttle().pause(order.by());
      case UNPAUSE -> restraint.throttle().unpause();
      case STOP -> {
        notices.accept("stopped by " + order.by());
        stop.request(Stop.Reason.INTERRUPTED);
      }
      case TUNE -> {
        return tune(order);
      }
    }
    return null;
  }

  private String tune(Steering.Order order) {
    try {
      Map<Knob, OptionalLong> settings = Knob.parse(order.settings());
      String missing = missing(settings);
      if (missing != null) {
        return missing;
      }
      settings.forEach(restraint::set);
      notices.accept("tuned by " + order.by() + ": " + order.settings());
      return null;
    } catch (IllegalArgumentException e) {
      return "this run does not know " + order.settings() + ": " + e.getMessage();
    }
  }

  private String missing(Map<Knob, OptionalLong> settings) {
    Set<Gauge> gauges = EnumSet.noneOf(Gauge.class);
    settings.forEach(
        (knob, value) -> {
          if (knob.gauge() != null && value.isPresent()) {
            gauges.add(knob.gauge());
          }
        });
    return live.missing(gauges);
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(LAST_LOOK.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    live.close();
    restraint.throttle().letGo();
  }
}
