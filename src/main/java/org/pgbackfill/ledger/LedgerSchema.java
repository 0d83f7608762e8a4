package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The ledger's tables: what they are, and making them at first use. */
public final class LedgerSchema {
  /** The schema's name where no other is named. */
  public static final String DEFAULT_NAME = "pgbackfill";

  /** What this program reads and writes; a ledger of another version is left alone. */
  static final int VERSION = 1;

  private static final String SCHEMA = "CREATE SCHEMA IF NOT EXISTS %1$s;\n";

  private static final String TABLES =
      """
      CREATE TABLE IF NOT EXISTS %1$s.version (
        version integer PRIMARY KEY
      );
      -- A run: what it has to do, who works on it, how it went.
      CREATE TABLE IF NOT EXISTS %1$s.run (
        run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL,
        command text NOT NULL,
        target text NOT NULL,
        mapping text NOT NULL,
        work_hash text NOT NULL,
        ids_millis bigint NOT NULL,
        ids_tag bigint NOT NULL,
        lanes integer NOT NULL,
        keeps_ids boolean NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'succeeded', 'interrupted', 'failed')),
        message text,
        began timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended timestamptz,
        inserted bigint NOT NULL DEFAULT 0,
        existing bigint NOT NULL DEFAULT 0,
        duplicate bigint NOT NULL DEFAULT 0,
        rejected bigint NOT NULL DEFAULT 0,
        retries bigint NOT NULL DEFAULT 0,
        holder text NOT NULL,
        holder_since timestamptz NOT NULL DEFAULT clock_timestamp(),
        holder_pid integer,
        holder_backend_start timestamptz,
        lease_token uuid NOT NULL,
        lease_until timestamptz NOT NULL
      );
      CREATE INDEX IF NOT EXISTS run_name ON %1$s.run (name, run_id);
      CREATE INDEX IF NOT EXISTS run_work ON %1$s.run (work_hash, run_id);
      -- The run's files, in order.
      CREATE TABLE IF NOT EXISTS %1$s.input (
        run_id bigint NOT NULL REFERENCES %1$s.run ON DELETE CASCADE,
        position integer NOT NULL,
        name text NOT NULL,
        size bigint NOT NULL,
        hash text NOT NULL,
        PRIMARY KEY (run_id, position)
      );
      -- What is in: one line for each transaction that wrote rows, in that transaction.
      CREATE TABLE IF NOT EXISTS %1$s.mark (
        run_id bigint NOT NULL REFERENCES %1$s.run ON DELETE CASCADE,
        lane integer NOT NULL,
        last_record bigint NOT NULL,
        complete boolean NOT NULL,
        transaction bigint NOT NULL,
        outcomes bytea,
        input_record bigint,
        input_hash text
      );
      CREATE UNIQUE INDEX IF NOT EXISTS mark_complete ON %1$s.mark (run_id, lane, last_record) WHERE complete;
      CREATE INDEX IF NOT EXISTS mark_transaction ON %1$s.mark (run_id, transaction);
      INSERT INTO %1$s.version VALUES (%2$d) ON CONFLICT DO NOTHING;
      """;

  private static final String GRANTS =
      """
      -- For an account that is not the owner:
      GRANT USAGE ON SCHEMA %1$s TO loader;
      GRANT SELECT ON %1$s.version TO loader;
      GRANT SELECT, INSERT, UPDATE ON %1$s.run TO loader;
      GRANT SELECT, INSERT ON %1$s.input TO loader;
      GRANT SELECT, INSERT, DELETE ON %1$s.mark TO loader;
      """;

  private LedgerSchema() {}

  /**
   * What makes the ledger, for a DBA who does it beforehand.
   *
   * @param schema its name
   * @param account who gets the rights; null to show them with a made-up name
   * @return SQL for psql
   */
  public static String ddl(String schema, String account) {
    String grants = GRANTS.formatted(quoted(schema));
    return (SCHEMA + TABLES).formatted(quoted(schema), VERSION)
        + (account == null ? grants : grants.replace("TO loader", "TO " + quoted(account)));
  }

  static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** What the caller is going to do, and what rights that takes. */
  enum Use {
    /** To list runs. */
    READ("('USAGE')", "('version', 'SELECT'), ('run', 'SELECT'), ('input', 'SELECT')"),
    /** To run; these are {@link #GRANTS}. */
    WRITE(
        READ.onSchema,
        READ.onTables
            + ", ('run', 'INSERT'), ('run', 'UPDATE'), ('input', 'INSERT')"
            + ", ('mark', 'SELECT'), ('mark', 'INSERT'), ('mark', 'DELETE')"),
    /** To make the tables in a schema that is there, and to run. */
    MAKE("('CREATE'), ('USAGE')", WRITE.onTables);

    private final String onSchema;
    private final String onTables;

    Use(String onSchema, String onTables) {
      this.onSchema = onSchema;
      this.onTables = onTables;
    }
  }

  /**
   * Makes the tables where they are missing, and refuses a ledger of another version, or one that
   * the account has not all rights on. Commits.
   */
  static void install(Connection connection, String schema, Use use) throws SQLException {
    if (!exists(connection, schema)) {
      make(connection, schema);
    }
    requireRights(connection, schema, use);
    Finding other = otherVersion(connection, schema);
    if (other != null) {
      throw new LedgerException(other.text(), null);
    }
    connection.commit();
  }

  /**
   * A schema that is there may be a DBA's: an account that may not make schemas can still be let to
   * make tables in that one.
   */
  private static void make(Connection connection, String schema) throws SQLException {
    Ledger.serialize(connection, schema);
    if (exists(connection, schema)) {
      return; // somebody else has made it meanwhile
    }
    String ddl = TABLES;
    if (hasSchema(connection, schema)) {
      requireRights(connection, schema, Use.MAKE);
    } else {
      ddl = SCHEMA + TABLES;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(ddl.formatted(quoted(schema), VERSION));
    }
  }

  private static boolean hasSchema(Connection connection, String schema) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT FROM pg_namespace WHERE nspname = ?")) {
      statement.setString(1, schema);
      try (ResultSet result = statement.executeQuery()) {
        return result.next();
      }
    }
  }

  /** A right that is missing must show before the first record, not at the last. */
  private static void requireRights(Connection connection, String schema, Use use)
      throws SQLException {
    Finding missing = missingRights(connection, schema, use);
    if (missing != null) {
      throw new LedgerException(missing.text(), null);
    }
  }

  /** All rights that are missing, with the statements that give them; null where none is. */
  static Finding missingRights(Connection connection, String schema, Use use) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT current_user, string_agg(format('GRANT %%s TO %%I', missing, current_user), '; ')
            FROM (
              SELECT format('%%s ON SCHEMA %%I', string_agg(needed.privilege, ', ' ORDER BY needed.privilege),
                            n.nspname) AS missing
              FROM (VALUES %s) AS needed (privilege)
              CROSS JOIN pg_namespace n
              WHERE n.nspname = ? AND NOT has_schema_privilege(n.oid, needed.privilege)
              GROUP BY n.nspname
              UNION ALL
              (SELECT format('%%s ON %%I.%%I', string_agg(needed.privilege, ', ' ORDER BY needed.privilege),
                             n.nspname, c.relname)
               FROM (VALUES %s) AS needed (name, privilege)
               JOIN pg_class c ON c.relname = needed.name
               JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = ? AND NOT has_table_privilege(c.oid, needed.privilege)
               GROUP BY n.nspname, c.relname
               ORDER BY c.relname)
            ) m
            HAVING count(*) > 0
            """
                .formatted(use.onSchema, use.onTables))) {
      statement.setString(1, schema);
      statement.setString(2, schema);
      try (ResultSet result = statement.executeQuery()) {
        return result.next()
            ? error(
                "the ledger in schema "
                    + schema
                    + " can't be used: role "
                    + result.getString(1)
                    + " lacks rights",
                "a DBA can give them: " + result.getString(2))
            : null;
      }
    }
  }

  /** A ledger that this program does not know; null where it knows it. */
  private static Finding otherVersion(Connection connection, String schema) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement("SELECT max(version) FROM " + quoted(schema) + ".version");
        ResultSet result = statement.executeQuery()) {
      result.next();
      int version = result.getInt(1);
      return version == VERSION
          ? null
          : error(
              "the ledger in schema "
                  + schema
                  + " has version "
                  + version
                  + ", this pgbackfill knows version "
                  + VERSION,
              "use a "
                  + (version > VERSION ? "newer" : "older")
                  + " pgbackfill, or another schema with --ledger-schema");
    }
  }

  /**
   * Looks whether a run could use the ledger, or make it, and changes nothing.
   *
   * @return never empty
   */
  static List<Finding> look(Connection connection, String schema) throws SQLException {
    if (exists(connection, schema)) {
      Finding fault = missingRights(connection, schema, Use.WRITE);
      fault = fault == null ? otherVersion(connection, schema) : fault;
      return List.of(fault == null ? ok("the ledger is in schema " + schema) : fault);
    }
    if (hasSchema(connection, schema)) {
      Finding fault = missingRights(connection, schema, Use.MAKE);
      return List.of(
          fault == null ? ok("the first run makes the ledger in schema " + schema) : fault);
    }
    return List.of(
        mayMakeSchemas(connection)
            ? ok("the first run makes schema " + schema + " for the ledger")
            : error(
                "there is no ledger, and the account may not make schema " + schema + " for it",
                "a DBA can make it with what pgbackfill ledger prints, or load without it with"
                    + " --no-ledger"));
  }

  private static boolean mayMakeSchemas(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT has_database_privilege(current_database(), 'CREATE')");
        ResultSet result = statement.executeQuery()) {
      return result.next() && result.getBoolean(1);
    }
  }

  private static Finding error(String message, String next) {
    return new Finding(Finding.Level.ERROR, "ledger", message, next);
  }

  private static Finding ok(String message) {
    return new Finding(Finding.Level.OK, "ledger", message, null);
  }

  static boolean exists(Connection connection, String schema) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT count(*) = 4
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname IN ('version', 'run', 'input', 'mark') AND c.relkind IN ('r', 'p')
            """)) {
      statement.setString(1, schema);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        return result.getBoolean(1);
      }
    }
  }
}
