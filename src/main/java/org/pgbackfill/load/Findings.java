package org.pgbackfill.load;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgbackfill.ledger.Finding;
import org.pgbackfill.target.Column;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Target;

/**
 * What queries find in the catalog: each of their rows is a finding (level, subject, message,
 * next). The SQL decides, so that one round trip brings all of them.
 */
final class Findings {
  /**
   * What the queries look at.
   *
   * @param target what would be loaded
   * @param table its name; null to look at none, as long as nobody knows whether it may be seen
   * @param written the columns that a load writes whatever the export has
   * @param brought those, and the ones that an export may bring
   * @param connections how many a load would like to have
   * @param longTransactionMillis since when a transaction is open that is worth a word
   */
  record Subject(
      Target target,
      String table,
      List<String> written,
      Set<String> brought,
      int connections,
      long longTransactionMillis) {
    /** Of a load: what its export has is known. */
    static Subject ofLoad(Target target) {
      List<String> written = target.columns().stream().map(Column::name).toList();
      return new Subject(target, target.table(), written, Set.copyOf(written), 0, 0);
    }

    Subject withoutTable() {
      return new Subject(target, null, written, brought, connections, longTransactionMillis);
    }

    /** The arbiter's columns, in the order of their names. */
    List<String> key() {
      return target instanceof JobsTarget
          ? List.of("unique_key")
          : List.of("email_address", "link_id");
    }
  }

  /**
   * The types that a load knows, as pg_type has them; how long the longest value is, where there is
   * an end to it. A key's type has to be one of them.
   */
  private static final String CONTACTS =
      """
      ('id', 'uuid', NULL, true),
      ('link_id', 'uuid', NULL, true),
      ('email_address', 'varchar|text|citext', 320, true),
      ('name', 'varchar|text', 255, false),
      ('original_photo_url', 'text|varchar', NULL, false),
      ('sfs_photo_url', 'text|varchar', NULL, false),
      ('created_at', 'timestamptz', NULL, false),
      ('updated_at', 'timestamptz', NULL, false)
      """;

  private static final String JOBS =
      """
      ('id', 'uuid', NULL, true),
      ('queue', 'text|varchar', NULL, false),
      ('func', 'text|varchar', NULL, false),
      ('state', 'varchar|text|enum', 9, true),
      ('unique_key', 'text|varchar|citext', NULL, true),
      ('kwargs', 'jsonb|json', NULL, false),
      ('limits', 'jsonb|json', NULL, false),
      ('meta', 'jsonb|json', NULL, false),
      ('errors', 'jsonb|json', NULL, false),
      ('priority', 'int4|int8', NULL, false),
      ('attempts', 'int4|int8', NULL, false),
      ('max_attempts', 'int4|int8', NULL, false),
      ('taken_by', 'text|varchar', NULL, false),
      ('created_at', 'timestamptz', NULL, false),
      ('started_at', 'timestamptz', NULL, false),
      ('completed_at', 'timestamptz', NULL, false),
      ('scheduled_at', 'timestamptz', NULL, false)
      """;

  /** What each query may refer to: the table, what is asked, and its columns beside the types. */
  private static final String SUBJECT =
      """
      WITH t AS (
        SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass(?)
      ), asked AS (
        SELECT ?::text[] AS key, ?::text[] AS written, ?::text[] AS brought, ?::int AS connections,
               ?::bigint * interval '1 ms' AS long_transaction
      ), expected (attname, types, longest, is_key) AS (VALUES
        {expected}
      ), col AS (
        SELECT a.*, y.typname, d.typdefault, format_type(a.atttypid, a.atttypmod) AS type,
               CASE y.typtype WHEN 'e' THEN 'enum' ELSE y.typname END AS known_type
        FROM pg_attribute a
        JOIN pg_type d ON d.oid = a.atttypid
        -- a domain is what it is made of
        JOIN pg_type y ON y.oid = CASE d.typtype WHEN 'd' THEN d.typbasetype ELSE d.oid END
        WHERE a.attrelid IN (SELECT oid FROM t) AND a.attnum > 0 AND NOT a.attisdropped
      ), uniq AS (
        SELECT i.*, format('%I.%I', n.nspname, x.relname) AS name, con.conname,
               pg_get_expr(i.indpred, i.indrelid) AS predicate,
               (SELECT array_agg(a.attname::text ORDER BY a.attname COLLATE "C")
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (num, place)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
                WHERE k.place <= i.indnkeyatts) AS key
        FROM pg_index i
        JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_namespace n ON n.oid = x.relnamespace
        LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype IN ('p', 'u')
        WHERE i.indrelid IN (SELECT oid FROM t) AND i.indisunique
      )
      """;

  /** A column's name is the first text of its line. */
  private static final Pattern NAME = Pattern.compile("(?m)^\\('(\\w+)'");

  private Findings() {}

  /** The columns that an export may bring. */
  static List<String> known(Target target) {
    return NAME.matcher(expected(target)).results().map(match -> match.group(1)).toList();
  }

  private static String expected(Target target) {
    return target instanceof JobsTarget ? JOBS : CONTACTS;
  }

  /**
   * Queries that each begin with the subject, to be sent in one round trip.
   *
   * @return to be closed by the caller
   */
  static PreparedStatement prepare(Connection connection, Subject subject, String... queries)
      throws SQLException {
    String with = SUBJECT.replace("{expected}", expected(subject.target()));
    PreparedStatement statement =
        connection.prepareStatement(
            Stream.of(queries).map(query -> with + query).collect(Collectors.joining(";\n")));
    for (int q = 0, i = 1; q < queries.length; q++) {
      statement.setString(i++, subject.table());
      statement.setArray(i++, texts(connection, subject.key()));
      statement.setArray(i++, texts(connection, subject.written()));
      statement.setArray(i++, texts(connection, List.copyOf(subject.brought())));
      statement.setInt(i++, subject.connections());
      statement.setLong(i++, subject.longTransactionMillis());
    }
    return statement;
  }

  private static Array texts(Connection connection, List<String> values) throws SQLException {
    return TargetTable.texts(connection, values.toArray(String[]::new));
  }

  /** What these queries find, in one round trip. */
  static List<Finding> ask(Connection connection, Subject subject, String... queries)
      throws SQLException {
    List<Finding> findings = new ArrayList<>();
    try (PreparedStatement statement = prepare(connection, subject, queries)) {
      for (boolean more = statement.execute(); more; more = statement.getMoreResults()) {
        try (ResultSet result = statement.getResultSet()) {
          findings.addAll(read(result));
        }
      }
    }
    return findings;
  }

  /** A result's rows as findings. */
  static List<Finding> read(ResultSet result) throws SQLException {
    List<Finding> findings = new ArrayList<>();
    while (result.next()) {
      findings.add(
          new Finding(
              Finding.Level.valueOf(result.getString(1).toUpperCase(Locale.ROOT)),
              result.getString(2),
              result.getString(3),
              result.getString(4)));
    }
    return findings;
  }

  /** One message for a load that refuses to begin. */
  static LoadException refusal(String table, List<Finding> errors) {
    return new LoadException(
        "table "
            + table
            + " can't be loaded: "
            + errors.stream().map(Finding::text).collect(Collectors.joining("; also: ")),
        null);
  }
}
