package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The ledger's tables: what they are, and making them at first use. */
public final class LedgerSchema {
  /** The schema's name where no other is named. */
  public static final String DEFAULT_NAME = "pgbackfill";

  /**
   * What this program reads and writes. An older ledger is brought up to it by the next run; a
   * newer one is left alone.
   */
  static final int VERSION = 2;

  /** How long an upgrade waits behind runs at work, which in turn wait behind it. */
  private static final String UPGRADE_PATIENCE = "SET LOCAL lock_timeout = '2s'";

  private static final String SCHEMA = "CREATE SCHEMA IF NOT EXISTS %1$s;\n";

  /** Makes every table, and of a ledger of an older version what it lacks. */
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
        filled bigint NOT NULL DEFAULT 0,
        overwritten bigint NOT NULL DEFAULT 0,
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
      -- Since version 2.
      ALTER TABLE %1$s.run
        ADD COLUMN IF NOT EXISTS filled bigint NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS overwritten bigint NOT NULL DEFAULT 0;
      -- What was asked of a run at work, by whom, and what its holder said to it. The token tells
      -- of which holder it was asked: a run that is resumed has another.
      CREATE TABLE IF NOT EXISTS %1$s.steering (
        steering_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run_id bigint NOT NULL REFERENCES %1$s.run ON DELETE CASCADE,
        lease_token uuid NOT NULL,
        action text NOT NULL CHECK (action IN ('pause', 'unpause', 'stop', 'tune')),
        settings text,
        asked_by text NOT NULL,
        asked timestamptz NOT NULL DEFAULT clock_timestamp(),
        taken timestamptz,
        refusal text
      );
      CREATE INDEX IF NOT EXISTS steering_run ON %1$s.steering (run_id, steering_id);
      -- An upgrade must not stop accounts that could run before: what they may do with runs, they
      -- may do here.
      DO $grants$
      DECLARE
        may record;
      BEGIN
        FOR may IN SELECT a.grantee::regrole AS role, a.privilege_type AS privilege
                   FROM pg_class c, aclexplode(c.relacl) a
                   WHERE c.oid = $name$%1$s.run$name$::regclass AND a.grantee <> 0
                     AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE') LOOP
          EXECUTE format('GRANT %%s ON %%s TO %%s', may.privilege, $name$%1$s.steering$name$::regclass, may.role);
        END LOOP;
      END $grants$;
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
      GRANT SELECT, INSERT, UPDATE ON %1$s.steering TO loader;
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
    READ(
        "('USAGE')",
        "('version', 'SELECT'), ('run', 'SELECT'), ('input', 'SELECT'), ('steering', 'SELECT')"),
    /** To ask something of a run at work. */
    STEER(READ.onSchema, READ.onTables + ", ('steering', 'INSERT')"),
    /** To run; these are {@link #GRANTS}, but for the right to steer others. */
    WRITE(
        READ.onSchema,
        READ.onTables
            + ", ('run', 'INSERT'), ('run', 'UPDATE'), ('input', 'INSERT')"
            + ", ('mark', 'SELECT'), ('mark', 'INSERT'), ('mark', 'DELETE')"
            + ", ('steering', 'UPDATE')"),
    /** To make the tables in a schema that is there, and to run. */
    MAKE("('CREATE'), ('USAGE')", WRITE.onTables);

    final String onSchema;
    final String onTables;

    Use(String onSchema, String onTables) {
      this.onSchema = onSchema;
      this.onTables = onTables;
    }
  }

  /**
   * Makes the tables where they are missing, brings older ones up to date where the caller is going
   * to run, and refuses a ledger of another version, or one that the account has not all rights on.
   * Commits.
   */
  static void install(Connection connection, String schema, Use use) throws SQLException {
    if (!exists(connection, schema)) {
      make(connection, schema);
    }
    requireRights(connection, schema, use);
    int version = version(connection, schema);
    if (version > 0 && version < VERSION && use == Use.WRITE) {
      upgrade(connection, schema);
      requireRights(connection, schema, use);
    } else if (version != VERSION) {
      throw new LedgerException(LedgerCheck.otherVersion(schema, version).text(), null);
    }
    connection.commit();
  }

  static int version(Connection connection, String schema) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement("SELECT max(version) FROM " + quoted(schema) + ".version");
        ResultSet result = statement.executeQuery()) {
      result.next();
      return result.getInt(1);
    }
  }

  /** The tables are those of the older version and what came since: runs at work go on. */
  private static void upgrade(Connection connection, String schema) throws SQLException {
    Ledger.serialize(connection, schema);
    if (version(connection, schema) == VERSION) {
      return; // somebody else has done it meanwhile
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(UPGRADE_PATIENCE);
      statement.execute(TABLES.formatted(quoted(schema), VERSION));
    } catch (SQLException e) {
      if (!"42501".equals(e.getSQLState())) { // insufficient_privilege
        throw e;
      }
      throw new LedgerException(
          "the ledger in schema "
              + schema
              + " is of an older version, and this account may not bring it up to date ("
              + Ledger.said(e)
              + "); its owner can, with what this prints: pgbackfill ledger --ledger-schema "
              + schema
              + " --account ROLE",
          e);
    }
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

  static boolean hasSchema(Connection connection, String schema) throws SQLException {
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
    Finding missing = LedgerCheck.missingRights(connection, schema, use);
    if (missing != null) {
      throw new LedgerException(missing.text(), null);
    }
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
