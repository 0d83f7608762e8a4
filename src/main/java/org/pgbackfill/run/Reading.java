package org.pgbackfill.run;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgbackfill.source.SourceException;

/**
 * Reads in a thread of its own, for a read from a pipe returns when the other end wants, and a stop
 * must not wait for it.
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

  private Reading() {}

  /** Returns at the end of the input, or soon after a stop; throws what the body throws. */
  static void run(Body body, Stop stop) throws SourceException {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              body.run();
              return null;
            });
    Thread thread = new Thread(task, "reader");
    thread.setDaemon(true);
    thread.start();
    try {
      await(task, stop);
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

  private static void await(FutureTask<Void> task, Stop stop) throws ExecutionException {
    long stopSeen = 0;
    while (stopSeen == 0 || System.nanoTime() - stopSeen < LAST_READ.toNanos()) {
      try {
        task.get(LOOK_UP.toMillis(), TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException e) {
        stopSeen = stop.isRequested() && stopSeen == 0 ? System.nanoTime() : stopSeen;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        stop.request(Stop.Reason.INTERRUPTED);
        return;
      }
    }
  }
}
