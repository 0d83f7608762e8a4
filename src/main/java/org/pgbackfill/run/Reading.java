package org.pgbackfill.run;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgbackfill.source.SourceException;

/**
 * Reads in a thread of its own, for a read from a pipe returns when the other end wants, and a stop
 * must not wait for it. For one thread.
 */
final class Reading {
  private static final Duration LOOK_UP = Duration.ofMillis(50);

  /** How long a stop waits for the reader to notice; then it is left behind. */
  private static final Duration LAST_READ = Duration.ofSeconds(2);

  /** What is read, record by record. */
  interface Body {
    /** Reads up to the end of the input, or until somebody asks to stop. */
    void run() throws SourceException;
  }

  private final FutureTask<Void> task;

  private Reading(Body body) {
    this.task =
        new FutureTask<>(
            () -> {
              body.run();
              return null;
            });
  }

  /** Begins. */
  static Reading start(String thread, Body body) {
    Reading reading = new Reading(body);
    Thread reader = new Thread(reading.task, thread);
    reader.setDaemon(true);
    reader.start();
    return reading;
  }

  /** Returns at the end of the input, or soon after a stop; throws what the body throws. */
  static void run(Body body, Stop stop) throws SourceException {
    Reading reading = start("reader", body);
    if (reading.await(stop)) {
      reading.check();
    }
  }

  /** Waits until the body has ended; false when it was left behind, soon after a stop. */
  boolean await(Stop stop) {
    long stopSeen = 0;
    while (stopSeen == 0 || System.nanoTime() - stopSeen < LAST_READ.toNanos()) {
      try {
        task.get(LOOK_UP.toMillis(), TimeUnit.MILLISECONDS);
        return true;
      } catch (ExecutionException e) {
        return true;
      } catch (TimeoutException e) {
        stopSeen = stop.isRequested() && stopSeen == 0 ? System.nanoTime() : stopSeen;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        stop.request(Stop.Reason.INTERRUPTED);
        return false;
      }
    }
    return false;
  }

  /** Throws what the body has thrown; to be called when it has ended. */
  void check() throws SourceException {
    try {
      task.get();
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody waits for what has ended", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SourceException broken) {
        throw broken;
      }
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
