package org.pgbackfill.run;

import java.time.Duration;

/** Stops a run when its time is over, for cron windows. */
final class TimeLimit implements AutoCloseable {
  private final Thread timer;

  private TimeLimit(Thread timer) {
    this.timer = timer;
  }

  /** Starts to count; null for no limit. */
  static TimeLimit start(Duration limit, Stop stop) {
    if (limit == null) {
      return new TimeLimit(null);
    }
    Thread timer =
        new Thread(
            () -> {
              if (stop.pass(limit)) {
                stop.request(Stop.Reason.TIME_LIMIT);
              }
            },
            "time-limit");
    timer.setDaemon(true);
    timer.start();
    return new TimeLimit(timer);
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.interrupt();
    }
  }
}
