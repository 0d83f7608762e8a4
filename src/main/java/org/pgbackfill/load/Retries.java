package org.pgbackfill.load;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Tries again what may pass, later and later: exponential back-off with full jitter, up to a total.
 * Counts and tells every retry. Safe between threads.
 */
public final class Retries {
  /** Waits on behalf of a lane. */
  public interface Pause {
    /**
     * Waits.
     *
     * @param time how long at most
     * @return false when the run should stop instead of waiting on
     */
    boolean pass(Duration time);
  }

  /** The run stops, and the work that waited to be tried again is left open. */
  public static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stopped() {
      super("stopped while waiting to try again");
    }
  }

  /** Some work in a transaction of its own. */
  interface Attempt<T> {
    /**
     * Does the work once.
     *
     * @param again how often it was tried before; what those attempts did may be in
     */
    T run(int again) throws SQLException;
  }

  private static final Duration FIRST_WAIT = Duration.ofMillis(50);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final Duration total;
  private final Pause pause;
  private final Consumer<String> notices;
  private final LongAdder count = new LongAdder();

  /**
   * Makes a counter of its own.
   *
   * @param total how long one piece of work is tried before it ends the run
   * @param pause how to wait
   * @param notices takes one line for each retry
   */
  public Retries(Duration total, Pause pause, Consumer<String> notices) {
    this.total = total;
    this.pause = pause;
    this.notices = notices;
  }

  /**
   * How many retries there were.
   *
   * @return 0 and more
   */
  public long count() {
    return count.sum();
  }

  /** Work that gives nothing back. */
  public interface Work {
    /**
     * Does it once.
     *
     * @throws SQLException as any statement
     */
    void run() throws SQLException;
  }

  /**
   * Does some work in a transaction of its own until it is through, fails for good, or the total is
   * used up.
   *
   * @param who for whom, in notices
   * @param work may be done again
   * @throws LoadException when trying again does not help
   */
  public void untilThrough(String who, Work work) {
    try {
      run(
          who,
          again -> {
            work.run();
            return null;
          });
    } catch (SQLException e) {
      throw new LoadException(who + ": " + Messages.of(e), e);
    }
  }

  /** Waits a little, unless the run should stop. */
  void pause(Duration time) {
    pause.pass(time);
  }

  /** Runs the attempt until it is through, fails for good, or the total is used up. */
  <T> T run(String who, Attempt<T> attempt) throws SQLException {
    long start = System.nanoTime();
    Duration ceiling = FIRST_WAIT;
    for (int again = 0; ; again++) {
      try {
        return attempt.run(again);
      } catch (SQLException e) {
        if (Fault.of(e) != Fault.TRANSIENT) {
          throw e;
        }
        Duration spent = Duration.ofNanos(System.nanoTime() - start);
        if (spent.compareTo(total) >= 0) {
          throw new LoadException(
              who
                  + ": gave up after "
                  + spent.toSeconds()
                  + " s and "
                  + again
                  + " retries: "
                  + Messages.of(e),
              e);
        }
        count.increment();
        notices.accept(who + ": retry " + (again + 1) + " after " + Messages.of(e));
        if (!pause.pass(
            Duration.ofMillis(ThreadLocalRandom.current().nextLong(1 + ceiling.toMillis())))) {
          throw new Stopped();
        }
        ceiling =
            ceiling.multipliedBy(2).compareTo(LONGEST_WAIT) < 0
                ? ceiling.multipliedBy(2)
                : LONGEST_WAIT;
      }
    }
  }
}
