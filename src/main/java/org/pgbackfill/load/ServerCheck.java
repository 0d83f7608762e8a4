package org.pgbackfill.load;

import org.pgbackfill.ledger.Finding;

/** What about the server, its replicas and its archive a load has to live with. */
final class ServerCheck {
  /** The versions that every test runs on, and those between. */
  private static final int OLDEST = 15;

  private static final int NEWEST = 18;

  static final String SERVER =
      """
      SELECT 'note', 'server', 'synchronous_commit is off: a load raises it to local, so that what its ledger says is in, is in', NULL
      -- what this transaction has is our own
      WHERE EXISTS (SELECT FROM pg_settings WHERE name = 'synchronous_commit' AND reset_val = 'off')
      UNION ALL
      SELECT 'note', 'server', 'each COMMIT waits for synchronous_standby_names = ' || current_setting('synchronous_standby_names'), NULL
      WHERE current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('off', 'local')
      UNION ALL
      SELECT 'warning', 'autovacuum', 'autovacuum is off for the whole server', 'ALTER SYSTEM SET autovacuum = on'
      WHERE NOT current_setting('autovacuum')::bool
      UNION ALL
      SELECT 'note', 'server', format('the database''s encoding is %s: characters that it does not have are rejected', current_setting('server_encoding')), NULL
      WHERE current_setting('server_encoding') <> 'UTF8'
      UNION ALL
      SELECT 'note', 'transaction',
             format('process %s (%s) has a transaction open since %s: nothing that dies meanwhile can be vacuumed',
                    pid, coalesce(nullif(application_name, ''), usename), date_trunc('second', xact_start)),
             format('look at it: SELECT * FROM pg_stat_activity WHERE pid = %s', pid)
      FROM asked, pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start <= clock_timestamp() - long_transaction
      UNION ALL
      SELECT 'warning', 'transaction',
             format('prepared transaction %s is open since %s: it keeps its locks until somebody ends it', gid, date_trunc('second', prepared)),
             format('COMMIT PREPARED %L or ROLLBACK PREPARED %1$L', gid)
      FROM asked, pg_prepared_xacts
      WHERE database = current_database() AND prepared <= clock_timestamp() - long_transaction
      """;

  /** The limits that a load's connections meet, and how many it would like to have. */
  static final String CONNECTIONS =
      """
      SELECT 'warning', 'connections',
             format('%s gives %s connections in all%s; a load takes up to %s', what, most,
                    CASE WHEN used > 0 THEN format(', of which %s are in use', used) ELSE '' END, connections),
             'fewer --threads, or ' || next
      FROM asked, (
        -- what the superuser and others have to themselves is for nobody else; this one is free again
        SELECT 'the server' AS what, current_setting('max_connections')::int
               - CASE WHEN r.rolsuper THEN 0
                      ELSE current_setting('superuser_reserved_connections')::int
                           + coalesce(current_setting('reserved_connections', true)::int, 0) END AS most,
               greatest(0, (SELECT sum(numbackends) FROM pg_stat_database) - 1) AS used,
               'wait until fewer are in use' AS next
        FROM pg_roles r WHERE r.rolname = current_user
        UNION ALL
        SELECT format('role %I', rolname), rolconnlimit,
               (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid AND pid <> pg_backend_pid()),
               format('ALTER ROLE %I CONNECTION LIMIT %s', rolname, connections)
        FROM pg_roles r, asked WHERE rolname = session_user AND rolconnlimit >= 0 AND NOT rolsuper
        UNION ALL
        SELECT format('database %I', datname), datconnlimit,
               (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid AND pid <> pg_backend_pid()),
               format('ALTER DATABASE %I CONNECTION LIMIT %s', datname, connections)
        FROM pg_database d, asked
        WHERE datname = current_database() AND datconnlimit >= 0
          AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
      ) AS room
      WHERE most - used < connections
      """;

  /** Who gets the load's WAL: whoever is slow or gone makes it pile up. */
  static final String WAL =
      """
      SELECT 'note', 'replicas', 'there are replicas, whose lag this account may not see',
             format('GRANT pg_monitor TO %I', current_user)
      FROM pg_stat_replication WHERE NOT pg_has_role('pg_read_all_stats', 'USAGE')
      HAVING count(*) > 0
      UNION ALL
      -- 16 segments: what a replica does not catch up with between two checkpoints of a small server
      SELECT CASE WHEN lag.bytes > 268435456 THEN 'warning' ELSE 'note' END, 'replicas',
             format('%s (%s, %s) is %s behind', coalesce(nullif(r.application_name, ''), r.client_addr::text), r.state, r.sync_state,
                    pg_size_pretty(lag.bytes)),
             'a load writes WAL as quickly as the primary takes it; look at the lag meanwhile'
      FROM pg_stat_replication r
      CROSS JOIN LATERAL (SELECT CASE WHEN pg_is_in_recovery() THEN NULL
                                      ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) END AS bytes) AS lag
      WHERE pg_has_role('pg_read_all_stats', 'USAGE')
      UNION ALL
      SELECT 'warning', 'replicas',
             format('replication slot %s has no reader: the server keeps a load''s WAL for it until the disk is full', slot_name),
             format('have it read, or SELECT pg_drop_replication_slot(%L)', slot_name)
      FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
      UNION ALL
      SELECT CASE WHEN fails THEN 'warning' ELSE 'note' END, 'archive',
             CASE WHEN fails THEN format('archiving fails (%s of %s since %s): WAL piles up on the server''s disk', failed_count,
                                         last_failed_wal, date_trunc('second', last_failed_time))
                  ELSE 'WAL is archived' END,
             CASE WHEN fails THEN 'mend archive_command before the load' END
      FROM (SELECT *, last_failed_time IS NOT NULL AND last_failed_time > coalesce(last_archived_time, '-infinity') AS fails
            FROM pg_stat_archiver) AS a
      WHERE current_setting('archive_mode') <> 'off'
      """;

  private ServerCheck() {}

  /** Whether this program is tested with such a server. */
  static Finding version(int major) {
    String tested = "; tested are " + OLDEST + " to " + NEWEST;
    if (major < OLDEST) {
      return new Finding(
          Finding.Level.WARNING, "server", "PostgreSQL " + major + tested, "try on a copy first");
    }
    return new Finding(
        major > NEWEST ? Finding.Level.NOTE : Finding.Level.OK,
        "server",
        "PostgreSQL " + major + tested,
        null);
  }
}
