package org.pgbackfill.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Looks again and again who waits for a lock, and for whose. For one thread. */
final class LockSampler {
  private static final long EVERY_MILLIS = 50;

  /**
   * Waiting sessions of the traffic, and those of them that a session of pgbackfill blocks; and
   * those of these that wait for it to make the table or an index larger by a page, in which
   * whoever inserts or updates takes turns. A waiter that has gone on meanwhile is blocked by
   * nobody.
   */
  private static final String WAITING =
      """
      SELECT count(*),
             count(*) FILTER (WHERE for_ours),
             count(*) FILTER (WHERE for_ours AND event = 'extend')
      FROM (SELECT wait_event AS event,
                   EXISTS (SELECT FROM pg_stat_activity blocker
                           WHERE blocker.pid = ANY (pg_blocking_pids(waiter.pid))
                             AND blocker.application_name LIKE 'pgbackfill%%') AS for_ours
            FROM pg_stat_activity waiter
            WHERE wait_event_type = 'Lock' AND datname = current_database()
              AND application_name = '%s') w
      """
          .formatted(Foreground.NAME);

  private final Connection connection;
  private long samples;
  private long withWaiter;
  private long withWaiterForOurs;
  private long withWaiterForRoom;
  private long mostWaiting;

  LockSampler(Connection connection) {
    this.connection = connection;
  }

  /** Samples until it is told to stop, and once in any case. */
  Void run(BooleanSupplier stopped) throws SQLException, InterruptedException {
    try (PreparedStatement waiting = connection.prepareStatement(WAITING)) {
      do {
        sample(waiting);
        TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
      } while (!stopped.getAsBoolean());
    }
    return null;
  }

  private void sample(PreparedStatement waiting) throws SQLException {
    try (ResultSet result = waiting.executeQuery()) {
      result.next();
      samples++;
      withWaiter += result.getLong(1) > 0 ? 1 : 0;
      withWaiterForOurs += result.getLong(2) > 0 ? 1 : 0;
      withWaiterForRoom += result.getLong(3) > 0 ? 1 : 0;
      mostWaiting = Math.max(mostWaiting, result.getLong(1));
    }
  }

  String json() {
    return ("\"samples\": %d, \"waiting\": %d, \"waiting_for_ours\": %d, \"waiting_for_room\": %d,"
            + " \"most_waiting\": %d")
        .formatted(samples, withWaiter, withWaiterForOurs, withWaiterForRoom, mostWaiting);
  }
}
