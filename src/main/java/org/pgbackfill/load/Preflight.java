package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgbackfill.ledger.Finding;
import org.pgbackfill.target.JobsTarget;

/**
 * What would make a load fail, or break its promise, before its first record: errors, all of them.
 * Two round trips at most: the second only for a partial index that is written in an unusual way.
 */
final class Preflight {
  private static final String ERRORS =
      """
      SELECT 'error', 'table', format('%s is a %s', name, CASE relkind WHEN 'f' THEN 'foreign table'
             WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'relation of kind ' || relkind::text END),
             'name a table with --table or --prefix'
      FROM t WHERE relkind NOT IN ('r', 'p', 'v')
      UNION ALL
      SELECT 'error', 'server', 'the server is a replica in recovery, which can''t be written',
             'connect to its primary (-h, -p, or target_session_attrs=primary)'
      WHERE pg_is_in_recovery()
      UNION ALL
      SELECT 'error', 'server', 'default_transaction_read_only is on for this account or database',
             format('ALTER ROLE %1$I SET default_transaction_read_only = off; or connect to a database that can be written',
                    current_user)
      WHERE current_setting('default_transaction_read_only')::bool
      UNION ALL
      -- who may not see the standbys does not know
      SELECT 'error', 'server',
             'a COMMIT would wait for ever: no standby of synchronous_standby_names is connected',
             'connect one, or ALTER SYSTEM SET synchronous_standby_names = '''''
      WHERE current_setting('synchronous_standby_names') <> ''
        AND current_setting('synchronous_commit') NOT IN ('off', 'local')
        AND NOT pg_is_in_recovery() AND pg_has_role('pg_read_all_stats', 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))
      UNION ALL
      SELECT 'error', 'rights', format('role %s lacks %s on %s', current_user, word, t.name),
             format('GRANT %s ON %s TO %I', word, t.name, current_user)
      FROM t, asked, unnest(ARRAY['SELECT', 'INSERT']) AS word
      WHERE NOT has_table_privilege(t.oid, word)
        -- each column's own right will do; to see what is there takes the keys alone
        AND EXISTS (SELECT FROM col LEFT JOIN expected e USING (attname)
                    WHERE NOT has_column_privilege(t.oid, col.attnum, word)
                      AND CASE word WHEN 'SELECT' THEN e.is_key ELSE attname = ANY (written) END)
      UNION ALL
      SELECT 'error', 'rights', format('role %s lacks USAGE on sequence %s, which column %s takes its default from',
                                       current_user, s.oid::regclass, col.attname),
             format('GRANT USAGE ON SEQUENCE %s TO %I', s.oid::regclass, current_user)
      FROM asked, col
      JOIN pg_attrdef d ON d.adrelid = col.attrelid AND d.adnum = col.attnum
      JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
                      AND p.refclassid = 'pg_class'::regclass
      JOIN pg_class s ON s.oid = p.refobjid
      WHERE attname <> ALL (written)
        -- CASE: what is no sequence must not be asked
        AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE')
                                         AND NOT has_sequence_privilege(s.oid, 'UPDATE') ELSE false END
      UNION ALL
      -- for each row INSERT asks for both: it tells what is in
      SELECT 'error', 'row security',
             format('row-level security is active, and no policy lets role %s %s', current_user, word),
             format('CREATE POLICY loader_%s ON %s FOR %s TO %I %s (true)', lower(word), t.name, word,
                    current_user, clause)
      FROM t, (VALUES ('SELECT', 'r', 'USING'), ('INSERT', 'a', 'WITH CHECK')) AS need (word, cmd, clause)
      WHERE row_security_active(t.oid)
        AND NOT EXISTS (SELECT FROM pg_policy p
                        WHERE p.polrelid = t.oid AND p.polpermissive AND p.polcmd::text IN ('*', need.cmd)
                          AND EXISTS (SELECT FROM unnest(p.polroles) AS r
                                      WHERE r = 0 OR pg_has_role(r, 'USAGE')))
      UNION ALL
      SELECT 'error', 'rule', format('rule %I: PostgreSQL takes no ON CONFLICT where INSERT or UPDATE has a rule',
                                     w.rulename),
             format('DROP RULE %I ON %s, or name the table behind it', w.rulename, t.name)
      FROM t JOIN pg_rewrite w ON w.ev_class = t.oid AND w.ev_type IN ('2', '3') AND w.ev_enabled IN ('O', 'A')
      UNION ALL
      SELECT 'error', 'columns', format('column %s is NOT NULL without a default, and no record brings it', attname),
             format('ALTER TABLE %s ALTER %I SET DEFAULT ..., or let it be NULL', t.name, attname)
      FROM t, asked, col
      WHERE t.relkind IN ('r', 'p') AND attnotnull AND NOT atthasdef AND attidentity = '' AND typdefault IS NULL
        AND attname <> ALL (brought)
        -- a trigger may fill it: for each row (1), before (2), at insert (4)
        AND NOT EXISTS (SELECT FROM pg_trigger g
                        WHERE g.tgrelid = t.oid AND g.tgtype & 7 = 7 AND g.tgenabled IN ('O', 'A'))
      UNION ALL
      SELECT 'error', 'columns', format('column %s has type %s; expected %s', attname, type, replace(types, '|', ' or ')),
             'change it, or name another table'
      FROM col JOIN expected e USING (attname)
      WHERE e.is_key AND known_type <> ALL (string_to_array(types, '|'))
      """;

  /** Unique indexes on the arbiter's columns, whatever rows they cover. */
  private static final String CANDIDATES =
      """
      SELECT uniq.name, predicate, indisvalid AND indisready AS usable, indimmediate, conname
      FROM uniq, asked WHERE uniq.key = asked.key AND indexprs IS NULL ORDER BY uniq.name
      """;

  /**
   * A predicate is what it does: it is asked for a job of each state. An index on active jobs that
   * also holds finished ones would never let their keys free.
   */
  private static final String STATES =
      """
      SELECT pgbackfill_state IN ('succeeded', 'failed'), coalesce({predicate}, false)
      FROM (VALUES ('pending'), ('running'), ('retrying'), ('succeeded'), ('failed')) AS s (pgbackfill_state)
      CROSS JOIN LATERAL jsonb_populate_record(NULL::{table},
                           jsonb_build_object('unique_key', 'k', 'state', pgbackfill_state)) AS r
      """;

  /** The arbiter's predicate as PostgreSQL writes it, for either type that state has. */
  private static final Set<String> USUAL =
      Set.of(
          "((unique_key IS NOT NULL) AND ((state)::text <> ALL ((ARRAY['succeeded'::character"
              + " varying, 'failed'::character varying])::text[])))",
          "((unique_key IS NOT NULL) AND (state <> ALL (ARRAY['succeeded'::text,"
              + " 'failed'::text])))");

  /** Which rows an index covers, of those that the arbiter is for. */
  private enum Covers {
    /** These, and no others. */
    EXACTLY,
    /** These and finished jobs. */
    MORE,
    /** Not all of them. */
    LESS
  }

  private record Index(
      String name,
      String predicate,
      boolean usable,
      boolean immediate,
      String constraint,
      Covers covers) {
    String described() {
      return name + (predicate == null ? " on all rows" : " WHERE " + predicate);
    }

    /** What takes it away, with the constraint that it belongs to. */
    String dropped(TargetTable table) {
      String drop =
          constraint == null
              ? "DROP INDEX CONCURRENTLY " + name
              : "ALTER TABLE "
                  + table.name()
                  + " DROP CONSTRAINT "
                  + TargetTable.quoted(constraint);
      return drop + "; have " + table.arbiterHint() + " first";
    }
  }

  private Preflight() {}

  /**
   * Refuses a table that can't be loaded, with one message for all that is wrong.
   *
   * @throws LoadException says what, and what to do
   */
  static void require(Connection connection, TargetTable table) throws SQLException {
    List<Finding> errors = errors(connection, table, Findings.Subject.ofLoad(table.target()));
    if (!errors.isEmpty()) {
      throw Findings.refusal(table.name(), errors);
    }
  }

  /** All errors; none where a load can begin, as far as the catalog knows. */
  static List<Finding> errors(Connection connection, TargetTable table, Findings.Subject subject)
      throws SQLException {
    try (PreparedStatement statement = Findings.prepare(connection, subject, ERRORS, CANDIDATES)) {
      statement.execute();
      List<Finding> errors;
      try (ResultSet result = statement.getResultSet()) {
        errors = Findings.read(result);
      }
      boolean isTable = errors.stream().noneMatch(error -> error.subject().equals("table"));
      statement.getMoreResults();
      try (ResultSet result = statement.getResultSet()) {
        // A view has no index of its own; the EXPLAIN of the insert tells.
        if (isTable && !table.isView()) {
          errors.addAll(arbiter(table, indexes(connection, table, result)));
        }
      }
      return errors;
    }
  }

  private static List<Index> indexes(Connection connection, TargetTable table, ResultSet result)
      throws SQLException {
    List<Index> found = new ArrayList<>();
    while (result.next()) {
      String predicate = result.getString(2);
      found.add(
          new Index(
              result.getString(1),
              predicate,
              result.getBoolean(3),
              result.getBoolean(4),
              result.getString(5),
              covers(connection, table, predicate)));
    }
    return found;
  }

  private static Covers covers(Connection connection, TargetTable table, String predicate)
      throws SQLException {
    if (!(table.target() instanceof JobsTarget)) {
      return predicate == null ? Covers.EXACTLY : Covers.LESS;
    }
    if (predicate == null) {
      return Covers.MORE;
    }
    return USUAL.contains(predicate) ? Covers.EXACTLY : askStates(connection, table, predicate);
  }

  private static Covers askStates(Connection connection, TargetTable table, String predicate)
      throws SQLException {
    Covers covers = Covers.EXACTLY;
    String sql = STATES.replace("{predicate}", predicate).replace("{table}", table.name());
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet result = statement.executeQuery()) {
      while (result.next()) {
        boolean finished = result.getBoolean(1);
        boolean covered = result.getBoolean(2);
        if (!finished && !covered) {
          return Covers.LESS;
        }
        covers = finished && covered ? Covers.MORE : covers;
      }
    }
    return covers;
  }

  private static List<Finding> arbiter(TargetTable table, List<Index> indexes) {
    List<Finding> errors = new ArrayList<>();
    for (Index index : indexes) {
      if (index.covers == Covers.MORE) {
        errors.add(
            error(
                "unique index "
                    + index.described()
                    + " keeps the keys of finished jobs, which the queue uses again",
                index.dropped(table)));
      } else if (index.covers == Covers.EXACTLY && index.usable && !index.immediate) {
        errors.add(
            error(
                "unique index " + index.name + " is deferrable, which ON CONFLICT can't go by",
                index.dropped(table)));
      }
    }
    List<Index> right = indexes.stream().filter(i -> i.covers == Covers.EXACTLY).toList();
    if (right.isEmpty()) {
      errors.add(error(missing(table, indexes), table.arbiterHint()));
    } else if (right.stream().noneMatch(Index::usable)) {
      errors.add(
          error(
              "unique index "
                  + right.get(0).name
                  + " is not valid: it is still being built, or building it has failed",
              "wait for it, or REINDEX INDEX CONCURRENTLY " + right.get(0).name));
    }
    return errors;
  }

  private static String missing(TargetTable table, List<Index> others) {
    String hint = table.arbiterHint();
    String text = "no unique index on " + hint.substring(hint.indexOf('('));
    return others.isEmpty()
        ? text
        : text
            + "; found "
            + others.stream().map(Index::described).collect(Collectors.joining(", "));
  }

  private static Finding error(String message, String next) {
    return new Finding(Finding.Level.ERROR, "arbiter", message, next);
  }
}
