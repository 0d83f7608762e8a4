package org.pgbackfill.run;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.pgbackfill.load.Retries;

/** The one flag that asks a run to end between two chunks. Safe between threads. */
public final class Stop implements Retries.Pause {
  /** Why a run stops before its last record. */
  public enum Reason {
    /** Somebody asked for it. */
    INTERRUPTED,
    /** Its time is over. */
    TIME_LIMIT,
    /** Too many rejects. */
    REJECT_LIMIT,
    /** Something broke. */
    FAILURE
  }

  private final AtomicReference<Reason> reason = new AtomicReference<>();
  private final CountDownLatch requested = new CountDownLatch(1);

  /**
   * Asks the run to stop; the first reason stays.
   *
   * @param why the reason
   */
  public void request(Reason why) {
    reason.compareAndSet(null, why);
    requested.countDown();
  }

  /**
   * Why the run stops.
   *
   * @return null while nobody asked
   */
  public Reason reason() {
    return reason.get();
  }

  boolean isRequested() {
    return reason.get() != null;
  }

  @Override
  public boolean pass(Duration time) {
    try {
      return !requested.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
