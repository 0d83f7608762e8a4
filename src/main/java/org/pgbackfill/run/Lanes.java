package org.pgbackfill.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.pgbackfill.load.Retries;

/**
 * The lanes' threads: each takes its own parts in the order they are given. The first failure stops
 * them all, and is thrown where the lanes are waited for.
 */
final class Lanes implements AutoCloseable {
  private static final Duration LOOK_UP = Duration.ofMillis(100);

  /** How long a stop waits for a chunk on its way. */
  private static final Duration LAST_CHUNK = Duration.ofSeconds(30);

  /** They have bounds in {@link InputOrder}. An empty part is the last: nothing comes behind it. */
  private final List<BlockingQueue<Optional<Window.Part>>> queues = new ArrayList<>();

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final Stop stop;
  private final Consumer<Window.Part> work;

  /** For the thread that gives. */
  private boolean allGiven;

  /** All lanes together have {@link #LAST_CHUNK}, not each; 0 before. For the waiting thread. */
  private long stopSeen;

  private Lanes(Stop stop, Consumer<Window.Part> work) {
    this.stop = stop;
    this.work = work;
  }

  /** Starts the threads. */
  static Lanes start(int lanes, Stop stop, Consumer<Window.Part> work) {
    Lanes started = new Lanes(stop, work);
    for (int lane = 0; lane < lanes; lane++) {
      BlockingQueue<Optional<Window.Part>> queue = new LinkedBlockingQueue<>();
      Thread thread = new Thread(() -> started.run(queue), "lane-" + lane);
      thread.setDaemon(true);
      started.queues.add(queue);
      started.threads.add(thread);
    }
    started.threads.forEach(Thread::start);
    return started;
  }

  @SuppressWarnings("OptionalAssignedToNull") // nothing came yet: another thing than the end
  private void run(BlockingQueue<Optional<Window.Part>> queue) {
    try {
      while (!stop.isRequested()) {
        Optional<Window.Part> part = queue.poll(LOOK_UP.toMillis(), TimeUnit.MILLISECONDS);
        if (part != null && part.isEmpty()) {
          return;
        }
        if (part != null) {
          work.accept(part.get());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Retries.Stopped e) {
      // The run stops for another reason; this chunk is not marked as in.
    } catch (Throwable e) { // an Error must stop the others as well
      failure.compareAndSet(null, e);
      stop.request(Stop.Reason.FAILURE);
    }
  }

  /** Does not wait. After a stop nobody begins the part any more. */
  void give(Window.Part part) {
    queues.get(part.lane()).add(Optional.of(part));
  }

  /**
   * Waits until everything that was given is done, or the lanes have stopped; throws the first
   * failure.
   */
  void finish() {
    close();
    Throwable first = failure.get();
    if (first instanceof RuntimeException e) {
      throw e;
    }
    if (first instanceof Error e) {
      throw e;
    }
  }

  private void join(Thread thread) {
    try {
      while (thread.isAlive()) {
        thread.join(LOOK_UP.toMillis());
        if (stop.isRequested()) {
          stopSeen = stopSeen == 0 ? System.nanoTime() : stopSeen;
          if (System.nanoTime() - stopSeen > LAST_CHUNK.toNanos()) {
            return; // its connection is closed with the pool, and its transaction rolled back
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop.request(Stop.Reason.INTERRUPTED);
    }
  }

  /** Waits as {@link #finish} does, and says nothing. */
  @Override
  public void close() {
    if (!allGiven) {
      allGiven = true;
      queues.forEach(queue -> queue.add(Optional.empty()));
    }
    threads.forEach(this::join);
  }
}
