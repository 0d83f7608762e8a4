package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** What there is of a ledger, and what is missing. Changes nothing. */
final class LedgerCheck {
  private LedgerCheck() {}

  /**
   * Looks whether a run could use the ledger, or make it, and changes nothing.
   *
   * @return never empty
   */
  static List<Finding> look(Connection connection, String schema) throws SQLException {
    if (LedgerSchema.exists(connection, schema)) {
      Finding fault = missingRights(connection, schema, LedgerSchema.Use.WRITE);
      return List.of(fault == null ? versionOf(connection, schema) : fault);
    }
    if (LedgerSchema.hasSchema(connection, schema)) {
      Finding fault = missingRights(connection, schema, LedgerSchema.Use.MAKE);
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

  private static Finding versionOf(Connection connection, String schema) throws SQLException {
    int version = LedgerSchema.version(connection, schema);
    return version == LedgerSchema.VERSION
        ? ok("the ledger is in schema " + schema)
        : otherVersion(schema, version);
  }

  /** A ledger that this program does not know, or not yet. */
  static Finding otherVersion(String schema, int version) {
    String found =
        "the ledger in schema "
            + schema
            + " has version "
            + version
            + ", this pgbackfill knows version "
            + LedgerSchema.VERSION;
    if (version > 0 && version < LedgerSchema.VERSION) {
      return new Finding(
          Finding.Level.NOTE,
          "ledger",
          found,
          "the next run brings it up to date, or a DBA does with what pgbackfill ledger prints");
    }
    return error(
        found,
        "use a "
            + (version > LedgerSchema.VERSION ? "newer" : "older")
            + " pgbackfill, or another schema with --ledger-schema");
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

  /** All rights that are missing, with the statements that give them; null where none is. */
  static Finding missingRights(Connection connection, String schema, LedgerSchema.Use use)
      throws SQLException {
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
}
