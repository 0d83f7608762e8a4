package org.pgbackfill.load;

import java.time.Duration;

/**
 * How long the load waits for what, before it tries again, tries less, or gives up. Each
 * transaction sets its own, so that no default of the server, the database or the role breaks a
 * load.
 *
 * @param lock how long a statement waits for a lock; then the chunk is tried again, and who waits
 *     behind us has his turn
 * @param statement how long a statement may take; then its chunk is split
 * @param idleInTransaction how long a killed client's transaction may hold its keys
 * @param retry how long one piece of work is tried again before the run stops, resumable
 */
public record Limits(
    Duration lock, Duration statement, Duration idleInTransaction, Duration retry) {
  /**
   * One for all, where nothing is loaded.
   *
   * @param each of them
   * @return four that are the same
   */
  public static Limits all(Duration each) {
    return new Limits(each, each, each, each);
  }

  /** Refuses what is no duration: zero would mean without limit to the server. */
  public Limits {
    for (Duration limit : new Duration[] {lock, statement, idleInTransaction, retry}) {
      if (limit.toMillis() < 1) {
        throw new IllegalArgumentException(
            "a limit of " + limit.toMillis() + " ms; expected at least 1ms");
      }
    }
  }
}
