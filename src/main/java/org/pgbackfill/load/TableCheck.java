package org.pgbackfill.load;

/** What about a table makes a load slower, or weakens what it promises: notes and warnings. */
final class TableCheck {
  /** Who keeps writers out: to be asked first, since other questions may have to wait for him. */
  static final String LOCKS =
      """
      SELECT 'warning', 'lock', format('process %s holds or awaits %s on %s: a load would wait, and the rest of this check', l.pid, l.mode, name),
             format('look at it: SELECT * FROM pg_stat_activity WHERE pid = %s, and check again', l.pid)
      FROM t JOIN pg_locks l ON l.relation = t.oid
                            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      WHERE l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      """;

  /** What the table is. */
  static final String KIND =
      """
      SELECT 'note', 'table', name || ' is a view: its rows go in without COPY, and what is behind it is not looked at',
             'check the table behind it as well'
      FROM t WHERE relkind = 'v'
      UNION ALL
      SELECT 'note', 'table', name || ' is partitioned: its rows go in without COPY, and one without a partition is rejected',
             'make the partitions that the export needs before the load'
      FROM t WHERE relkind = 'p'
      UNION ALL
      SELECT 'warning', 'table', name || ' is unlogged: a crash of the server empties it, while the ledger says that all is in',
             format('ALTER TABLE %s SET LOGGED', name)
      FROM t WHERE relpersistence = 'u'
      UNION ALL
      SELECT 'warning', 'table',
             format('%s has %s inheriting it, whose rows its unique index does not see', name, string_agg(h.inhrelid::regclass::text, ', ')),
             'load tables without inheritance'
      FROM t JOIN pg_inherits h ON h.inhparent = t.oid WHERE relkind = 'r' GROUP BY name
      UNION ALL
      SELECT 'warning', 'primary key', name || ' has none: nothing keeps an id from being there twice',
             format('ALTER TABLE %s ADD PRIMARY KEY (id)', name)
      FROM t WHERE relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM uniq WHERE indisprimary)
      UNION ALL
      SELECT 'warning', 'primary key', 'no index begins with id: each question for an id reads the whole table',
             format('CREATE INDEX CONCURRENTLY ON %s (id)', name)
      FROM t WHERE relkind IN ('r', 'p') AND EXISTS (SELECT FROM uniq WHERE indisprimary)
        AND NOT EXISTS (SELECT FROM pg_index i JOIN col ON col.attnum = i.indkey[0]
                        WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL AND attname = 'id')
      """;

  /** What else decides about a row, and what locks it may take beside the keys'. */
  static final String OTHERS =
      """
      SELECT 'warning', 'unique index',
             format('%s is a second one: its keys come in no order, so deadlocks with others are possible (and retried)', uniq.name),
             'nothing, if each contact or job has its own value there; what it refuses is rejected'
      FROM uniq, asked, t
      WHERE NOT indisprimary AND uniq.key IS DISTINCT FROM ARRAY['id'] AND relkind IN ('r', 'p')
        AND (uniq.key IS DISTINCT FROM asked.key OR indexprs IS NOT NULL
             OR predicate IS NOT NULL AND asked.key <> ARRAY['unique_key'])
      UNION ALL
      SELECT 'warning', 'exclusion',
             format('constraint %I: its keys come in no order, so deadlocks with others are possible (and retried)', conname),
             'nothing, if rows of the export are not excluded by others'
      FROM pg_constraint WHERE conrelid IN (SELECT oid FROM t) AND contype = 'x'
      UNION ALL
      SELECT 'warning', 'index', format('%s is not valid: it costs each insert, and helps nobody', i.indexrelid::regclass),
             format('REINDEX INDEX CONCURRENTLY %s, or DROP INDEX CONCURRENTLY %1$s', i.indexrelid::regclass)
      FROM pg_index i WHERE i.indrelid IN (SELECT oid FROM t) AND NOT i.indisvalid
      UNION ALL
      -- the parent has a unique index on these columns, or there could be no such constraint
      SELECT 'note', 'foreign key',
             format('%I (to %s): a new row keeps its parent from being deleted or given another key until its chunk is in;'
                    || ' parents come in the order of the keys, so deadlocks with who locks them otherwise are possible (and retried)',
                    conname, confrelid::regclass),
             CASE WHEN condeferrable THEN 'it is deferrable: a missing parent may show at COMMIT, and the chunk is halved then'
                  ELSE 'have the parents there before; a record without one is rejected' END
      FROM pg_constraint WHERE conrelid IN (SELECT oid FROM t) AND contype = 'f'
      UNION ALL
      SELECT CASE WHEN tgtype & 3 = 3 THEN 'warning' ELSE 'note' END, 'trigger',
             format('%I (%s INSERT, for each %s): %s; what it locks comes in its own order, so deadlocks with others are possible (and retried)',
                    tgname,
                    CASE WHEN tgtype & 2 = 2 THEN 'before' WHEN tgtype & 64 = 64 THEN 'instead of' ELSE 'after' END,
                    CASE WHEN tgtype & 1 = 1 THEN 'row' ELSE 'statement' END,
                    CASE WHEN tgtype & 3 = 3 THEN 'rows go in without COPY, and it can change them or keep them out'
                         WHEN tgtype & 1 = 1 THEN 'it runs for each new row'
                         ELSE 'it runs for each chunk, and at times for no row at all' END),
             format('ALTER TABLE %s DISABLE TRIGGER %I, if new rows can do without it', t.name, tgname)
      FROM t JOIN pg_trigger g ON g.tgrelid = t.oid
      WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgtype & 4 = 4
      UNION ALL
      SELECT 'warning', 'row security',
             'row-level security is active for this account: rows go in without COPY, and a key whose row it may not see is never settled',
             format('load with an account that sees all rows (ALTER ROLE ... BYPASSRLS, or the owner)')
      FROM t WHERE row_security_active(oid)
      """;

  /** What the columns do to values. */
  static final String COLUMNS =
      """
      SELECT 'note', 'columns', 'not there: ' || string_agg(attname, ', ') || '; an export that brings one of them is refused',
             'add what the export brings, or leave it out of the export'
      FROM expected LEFT JOIN col USING (attname) WHERE attnum IS NULL HAVING count(*) > 0
      UNION ALL
      SELECT 'warning', 'columns', format('column %s is NOT NULL without a default: a record that does not bring it is rejected', attname),
             format('ALTER TABLE %s ALTER %I SET DEFAULT ...', t.name, attname)
      FROM t, asked, col
      WHERE relkind IN ('r', 'p') AND attnotnull AND NOT atthasdef AND attidentity = '' AND typdefault IS NULL
        AND attname = ANY (brought) AND attname <> ALL (written)
      UNION ALL
      SELECT 'warning', 'columns',
             format('column %s is generated: an export that brings it is refused', attname), 'leave it out of the export'
      FROM col JOIN expected USING (attname) WHERE attgenerated <> '' OR attidentity = 'a'
      UNION ALL
      SELECT 'warning', 'columns',
             format('column %s has type %s; expected %s: %s', attname, type, replace(types, '|', ' or '),
                    CASE typname WHEN 'timestamp' THEN 'the offset of a time is dropped without a word'
                                 ELSE 'rows go in without COPY, and what the type does not take is rejected' END),
             'change it, if these values matter'
      FROM col JOIN expected USING (attname)
      WHERE NOT is_key AND known_type <> ALL (string_to_array(types, '|'))
      UNION ALL
      SELECT 'note', 'columns',
             format('column %s has type %s: a longer value is rejected', attname, type), NULL
      FROM col JOIN expected USING (attname)
      WHERE typname = 'varchar' AND atttypmod > 4 AND atttypmod - 4 < coalesce(longest, 1000000000)
      UNION ALL
      SELECT 'warning', 'columns',
             format('%s compares by collation %I, which is nondeterministic: keys that differ here may be one there, and meet in two lanes (and are retried)',
                    attname, collname),
             format('give it a deterministic collation, or load with --threads 1')
      FROM asked, col JOIN pg_collation n ON n.oid = col.attcollation
      WHERE attname = ANY (key) AND NOT collisdeterministic
      UNION ALL
      -- addresses are lower-cased before they are compared, keys of jobs are not
      SELECT CASE attname WHEN 'unique_key' THEN 'warning' ELSE 'note' END, 'columns',
             format('%s is citext: keys that differ only in case are one there%s', attname,
                    CASE attname WHEN 'unique_key' THEN ', and may meet in two lanes (and are retried)' ELSE ', as here' END),
             CASE attname WHEN 'unique_key' THEN 'have keys in one case, or load with --threads 1' END
      FROM asked, col WHERE attname = ANY (key) AND typname = 'citext'
      UNION ALL
      SELECT 'warning', 'columns',
             format('the collation of %s has another version (%s) than its index was built with (%s): the index may not find what is there',
                    string_agg(attname, ', '), pg_collation_actual_version(n.oid), built.version),
             format('REINDEX its indexes CONCURRENTLY, then ALTER %s REFRESH COLLATION VERSION',
                    CASE n.oid WHEN 100 THEN format('DATABASE %I', current_database())
                               ELSE format('COLLATION %s', n.oid::regcollation) END)
      FROM asked, col JOIN pg_collation n ON n.oid = col.attcollation
      CROSS JOIN LATERAL (
        SELECT coalesce(n.collversion, (SELECT to_jsonb(d) ->> 'datcollversion' FROM pg_database d
                                        WHERE n.oid = 100 AND datname = current_database())) AS version) AS built
      WHERE attname = ANY (key) AND built.version <> pg_collation_actual_version(n.oid)
      GROUP BY n.oid, built.version
      """;

  /** What it is like today. */
  static final String TODAY =
      """
      SELECT 'note', 'statistics', name || ' has never been analyzed', format('ANALYZE %s', name)
      FROM t WHERE relkind IN ('r', 'p') AND reltuples < 0
      UNION ALL
      SELECT 'warning', 'autovacuum', name || ' is not vacuumed: autovacuum is off for it',
             format('ALTER TABLE %s RESET (autovacuum_enabled)', name)
      FROM t WHERE EXISTS (SELECT FROM pg_options_to_table(reloptions)
                           WHERE option_name = 'autovacuum_enabled' AND NOT option_value::bool)
      """;

  private TableCheck() {}
}
