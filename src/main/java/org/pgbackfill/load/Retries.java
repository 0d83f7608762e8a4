package org.pgbackfill.load;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

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
     * @param time how long; more where something holds the run, which does not count as trying
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

  /** Which faults of some work are worth another try. */
  enum Worth {
    /** What may pass; a statement that was cancelled had too much to do. */
    TRANSIENT,
    /** A cancelled statement as well: it can't be made smaller. */
    CANCELLED
  }

  private final Duration total;
  private final Pause pause;
  private final Consumer<String> notices;
  private final LongSupplier nanos;

  /** By SQLSTATE. */
  private final Map<String, LongAdder> counts;

  /**
   * Makes a counter of its own.
   *
   * @param total how long one piece of work is tried again, from its first fault on, before it ends
   *     the run
   * @param pause how to wait
   * @param notices takes one line for each retry
   */
  public Retries(Duration total, Pause pause, Consumer<String> notices) {
    this(total, pause, notices, System::nanoTime, new ConcurrentHashMap<>());
  }

  /** With a clock of the test's. */
  Retries(
      Duration total,
      Pause pause,
      Consumer<String> notices,
      LongSupplier nanos,
      Map<String, LongAdder> counts) {
    this.total = total;
    this.pause = pause;
    this.notices = notices;
    this.nanos = nanos;
    this.counts = counts;
  }

  /**
   * For the last words of a run that stops: waits in spite of the stop, but not long.
   *
   * @param atMost how long one piece of work is tried again
   * @return counts together with this one
   */
  public Retries atTheEnd(Duration atMost) {
    Duration less = total.compareTo(atMost) < 0 ? total : atMost;
    return new Retries(less, Retries::sleep, notices, nanos, counts);
  }

  private static boolean sleep(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * How many retries there were.
   *
   * @return 0 and more
   */
  public long count() {
    return byState().values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * How many retries there were after which SQLSTATE; {@code none} for faults without one.
   *
   * @return sorted by SQLSTATE
   */
  public Map<String, Long> byState() {
    Map<String, Long> sums = new TreeMap<>();
    counts.forEach((state, count) -> sums.put(state, count.sum()));
    return sums;
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
   * @param failure what to throw when trying again does not help
   */
  public void untilThrough(
      String who, Work work, Function<SQLException, ? extends RuntimeException> failure) {
    ask(
        who,
        () -> {
          work.run();
          return null;
        },
        failure);
  }

  /** Work that gives something back. */
  public interface Question<T> {
    /**
     * Does it once.
     *
     * @return the answer
     * @throws SQLException as any statement
     */
    T ask() throws SQLException;
  }

  /**
   * Asks until there is an answer, like {@link #untilThrough}.
   *
   * @param <T> the answer's type
   * @param who for whom, in notices
   * @param question may be asked again
   * @param failure what to throw when trying again does not help
   * @return the answer
   */
  public <T> T ask(
      String who,
      Question<T> question,
      Function<SQLException, ? extends RuntimeException> failure) {
    try {
      return run(who, Worth.CANCELLED, again -> question.ask());
    } catch (SQLException e) {
      throw failure.apply(e);
    }
  }

  /** Waits a little, unless the run should stop. */
  void pause(Duration time) {
    pause.pass(time);
  }

  /** Runs the attempt until it is through, fails for good, or the total is used up. */
  <T> T run(String who, Worth worth, Attempt<T> attempt) throws SQLException {
    long firstFault = 0;
    Duration ceiling = FIRST_WAIT;
    for (int again = 0; ; again++) {
      try {
        return attempt.run(again);
      } catch (SQLException e) {
        Fault fault = Fault.of(e);
        if (fault != Fault.TRANSIENT && !(fault == Fault.TIMEOUT && worth == Worth.CANCELLED)) {
          throw e;
        }
        long now = nanos.getAsLong();
        firstFault = again == 0 ? now : firstFault;
        Duration spent = Duration.ofNanos(now - firstFault);
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
        counts
            .computeIfAbsent(
                e.getSQLState() == null ? "none" : e.getSQLState(), state -> new LongAdder())
            .increment();
        notices.accept(who + ": retry " + (again + 1) + " after " + Messages.of(e));
        Duration wait =
            Duration.ofMillis(ThreadLocalRandom.current().nextLong(1 + ceiling.toMillis()));
        if (!pause.pass(wait)) {
          throw new Stopped();
        }
        // Who was held for longer had no chance to be through.
        firstFault += Math.max(0, nanos.getAsLong() - now - wait.toNanos());
        ceiling =
            ceiling.multipliedBy(2).compareTo(LONGEST_WAIT) < 0
                ? ceiling.multipliedBy(2)
                : LONGEST_WAIT;
      }
    }
  }
}
