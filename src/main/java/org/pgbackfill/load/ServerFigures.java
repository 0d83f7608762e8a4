package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/** The figures that the server's own views give, and what they say of this run. For one thread. */
final class ServerFigures {
  /** Who waits for less is kept by the ordinary course of things; who did something is at work. */
  private static final String SHORT_WHILE = "interval '1 second'";

  /**
   * Clients' sessions, but the run's own; what reads the table's keys is a lane, by another name.
   * Of those that the account may not see only the database, the user and the name are told.
   */
  private static final String OTHERS =
      """
      coalesce(backend_type, 'client backend') = 'client backend'
      AND datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
      AND NOT starts_with(application_name, ?)
      AND application_name NOT IN
          ('pgbackfill', 'pgbackfill keys', 'pgbackfill ledger', 'pgbackfill heartbeat')
      """;

  private final String lanes;
  private final boolean seesOthers;
  private final ReplayLag replayLag = new ReplayLag();

  /**
   * For one run.
   *
   * @param lanes how the names of the run's sessions begin, as the server shows them
   * @param seesOthers whether the account may see other accounts' sessions and the replicas
   */
  ServerFigures(String lanes, boolean seesOthers) {
    this.lanes = lanes;
    this.seesOthers = seesOthers;
  }

  /**
   * Reads them in the transaction that the session is in.
   *
   * @param asked figures that take a question of their own are left out unless they are here
   */
  Sighting read(Connection session, Set<Gauge> asked) throws SQLException {
    Map<Gauge, Long> values = new EnumMap<>(Gauge.class);
    if (seesOthers) {
      values.put(Gauge.LAG, lagMillis(session));
      if (asked.contains(Gauge.ACTIVE)) {
        values.put(Gauge.ACTIVE, active(session));
      }
    }
    if (asked.contains(Gauge.WAL_BACKLOG)) {
      values.put(
          Gauge.WAL_BACKLOG,
          ask(session, "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"));
    }
    return withWaiters(session, values);
  }

  private static long ask(Connection session, String question) throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet result = statement.executeQuery(question)) {
      result.next();
      return result.getLong(1);
    }
  }

  /** Nobody is hidden in pg_locks, and our own sessions are not hidden from us. */
  private Sighting withWaiters(Connection session, Map<Gauge, Long> values) throws SQLException {
    try (PreparedStatement select =
        session.prepareStatement(
            """
            WITH ours AS (SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, ?)),
            waiting AS (
              SELECT l.pid, clock_timestamp() - coalesce(min(l.waitstart), clock_timestamp()) AS since
              FROM pg_locks l
              WHERE NOT l.granted AND l.pid NOT IN (SELECT pid FROM ours)
                AND EXISTS (SELECT FROM ours WHERE ours.pid = ANY (pg_blocking_pids(l.pid)))
              GROUP BY l.pid
            )
            SELECT count(*), count(*) FILTER (WHERE since > %s),
                   coalesce(max(extract(epoch FROM since)) * 1000, 0)::bigint
            FROM waiting
            """
                .formatted(SHORT_WHILE))) {
      select.setString(1, lanes);
      try (ResultSet result = select.executeQuery()) {
        result.next();
        values.put(Gauge.LOCK_WAITERS, result.getLong(2));
        return new Sighting(
            values, result.getLong(1), result.getLong(3), othersWork(session, lanes), null, null);
      }
    }
  }

  private long active(Connection session) throws SQLException {
    return count(session, "state = 'active'", lanes);
  }

  /**
   * Whether sessions of others are at work in any database of the server: busy, or so within the
   * last moment. Of those that the account may not see nobody knows: they are.
   *
   * @param lanes as for the constructor
   */
  static boolean othersWork(Connection session, String lanes) throws SQLException {
    String work =
        "(state IS NULL OR state = 'active' OR state_change > clock_timestamp() - "
            + SHORT_WHILE
            + ")";
    return count(session, work, lanes) > 0;
  }

  private static long count(Connection session, String what, String lanes) throws SQLException {
    try (PreparedStatement select =
        session.prepareStatement(
            "SELECT count(*) FROM pg_stat_activity WHERE " + what + " AND " + OTHERS)) {
      select.setString(1, lanes);
      try (ResultSet result = select.executeQuery()) {
        result.next();
        return result.getLong(1);
      }
    }
  }

  /** 0 where there is no replica; what only receives WAL replays nothing and does not count. */
  private long lagMillis(Connection session) throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
                       (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint,
                       (r.replay_lsn - '0/0'::pg_lsn)::bigint,
                       coalesce(extract(epoch FROM r.replay_lag) * 1000, 0)::bigint
                FROM (SELECT) one LEFT JOIN pg_stat_replication r ON r.replay_lsn IS NOT NULL
                """)) {
      long most = 0;
      long slowest = Long.MAX_VALUE;
      while (row.next()) {
        replayLag.see(row.getLong(1), row.getLong(2));
        long replayed = row.getLong(3);
        if (!row.wasNull()) {
          slowest = Math.min(slowest, replayed);
          most = Math.max(most, replayLag.millis(row.getLong(1), replayed, row.getLong(4)));
        }
      }
      replayLag.forget(slowest);
      return most;
    }
  }
}
