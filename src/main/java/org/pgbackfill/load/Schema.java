package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.Target;

/** Makes the target's table where it is missing, with its indexes: for CI and for trials. */
public final class Schema {
  /**
   * Two that start at once must not make the same table; the number only has to be ours (ASCII
   * "pgbackfi").
   */
  private static final String ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(8098988799137670761)";

  private static final String CONTACTS =
      """
      CREATE TABLE %1$s (
        id uuid PRIMARY KEY,
        link_id uuid NOT NULL,
        email_address varchar(320) NOT NULL,
        name varchar(255),
        original_photo_url text,
        sfs_photo_url text,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (link_id, email_address)
      )
      """;

  private static final String JOBS =
      """
      CREATE TABLE %1$s (
        id uuid PRIMARY KEY,
        queue text NOT NULL,
        func text NOT NULL,
        kwargs jsonb NOT NULL DEFAULT '{}',
        limits jsonb NOT NULL DEFAULT '[]',
        meta jsonb NOT NULL DEFAULT '{}',
        state varchar(25) NOT NULL DEFAULT 'pending',
        priority integer NOT NULL DEFAULT 0,
        attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL DEFAULT 1,
        taken_by text,
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        completed_at timestamptz,
        scheduled_at timestamptz NOT NULL DEFAULT now(),
        unique_key text,
        errors jsonb NOT NULL DEFAULT '[]'
      );
      CREATE UNIQUE INDEX %2$s ON %1$s (unique_key)
        WHERE unique_key IS NOT NULL AND state NOT IN ('succeeded', 'failed');
      CREATE INDEX %3$s ON %1$s (queue, state);
      CREATE INDEX %4$s ON %1$s (queue, state, attempts, scheduled_at, priority DESC, id DESC)
        WHERE state IN ('pending', 'retrying')
      """;

  private Schema() {}

  /**
   * Makes the table with its indexes where it is missing. One that is there stays as it is: an
   * index more would keep writers out while it is built.
   *
   * @param database where
   * @param target what for
   * @throws LoadException when the server refuses
   */
  public static void create(Database database, Target target) {
    try (Connection connection = database.begin("pgbackfill");
        Statement statement = connection.createStatement()) {
      statement.execute(ONE_AT_A_TIME);
      if (isMissing(connection, target)) {
        statement.execute(ddl(target));
      }
      connection.commit();
    } catch (SQLException e) {
      throw new LoadException(
          "--create-table: " + target.table() + " can't be made: " + Messages.of(e), e);
    }
  }

  /**
   * Whether {@link #create} would make the table.
   *
   * @param database where
   * @param target what for
   * @return true when there is none
   * @throws SQLException as any statement
   */
  public static boolean isMissing(Database database, Target target) throws SQLException {
    try (Connection connection = database.begin("pgbackfill")) {
      return isMissing(connection, target);
    }
  }

  private static boolean isMissing(Connection connection, Target target) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT to_regclass(?) IS NULL")) {
      statement.setString(1, target.table());
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        return result.getBoolean(1);
      }
    }
  }

  private static String ddl(Target target) {
    if (target instanceof ContactsTarget) {
      return CONTACTS.formatted(target.table());
    }
    String table = target.table();
    String name = table.substring(table.lastIndexOf(".\"") + 1).replaceAll("^\\.?\"|\"$", "");
    return JOBS.formatted(
        table, index(name, "unique_key"), index(name, "queue_state"), index(name, "fetch"));
  }

  private static String index(String table, String suffix) {
    return '"' + table + "_" + suffix + '"';
  }
}
