package org.pgbackfill.load;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How long replicas have had WAL before them, as one has seen it grow oneself. The server's own
 * replay_lag is as of what the replica said last: of one that had paused replay it was seen to
 * stand at 0.01 s for ten seconds, which is wal_receiver_status_interval, and then to jump. For one
 * thread.
 */
final class ReplayLag {
  /**
   * So many looks, one a second, are almost three hours: beyond, the server's own figure counts.
   */
  private static final int MAX_POSITIONS = 10_000;

  private record Position(long atMillis, long lsn) {}

  /** Both numbers grow. */
  private final Deque<Position> seen = new ArrayDeque<>();

  /** Notes how far the server's own WAL is. */
  void see(long nowMillis, long lsn) {
    if (seen.isEmpty() || seen.peekLast().lsn() < lsn) {
      seen.addLast(new Position(nowMillis, lsn));
    }
    if (seen.size() > MAX_POSITIONS) {
      seen.removeFirst();
    }
  }

  /** Forgets what every replica has replayed. */
  void forget(long slowestLsn) {
    while (!seen.isEmpty() && seen.peekFirst().lsn() <= slowestLsn) {
      seen.removeFirst();
    }
  }

  /**
   * How far a replica is behind.
   *
   * @param replayed how far it is
   * @param saidMillis what the server says of it; 0 where it says nothing
   * @return milliseconds; 0 when it has replayed everything
   */
  long millis(long nowMillis, long replayed, long saidMillis) {
    for (Position position : seen) {
      if (position.lsn() > replayed) {
        return Math.max(saidMillis, nowMillis - position.atMillis());
      }
    }
    return 0;
  }
}
