package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.JobUpdatesTarget;
import org.pgbackfill.target.Target;

/** What the catalog says of a table. */
record Catalog(String name, boolean isView, boolean takesCopy, Map<String, TableColumn> columns) {
  /**
   * A column.
   *
   * @param type without its length
   * @param defaultSql null where there is none
   * @param takesNull whether it may be NULL
   */
  record TableColumn(String type, String defaultSql, boolean takesNull) {}

  /** The column, which must be there. */
  TableColumn column(String column) {
    TableColumn there = columns.get(column);
    if (there == null) {
      throw missing(column);
    }
    return there;
  }

  LoadException missing(String column) {
    return new LoadException(
        "table " + name + " has no column " + column + "; found " + columns.keySet(), null);
  }

  private static final String TABLE =
      """
      SELECT format('%I.%I', n.nspname, c.relname), c.relkind = 'v',
             -- COPY knows no rules and no views, is refused where row-level security is active, and
             -- does not tell which rows a trigger has changed or kept out
             c.relkind = 'r' AND NOT row_security_active(c.oid)
             AND NOT EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '3')
             AND NOT EXISTS (SELECT FROM pg_trigger t
                             -- for each row (1), before (2), at insert (4)
                             WHERE t.tgrelid = c.oid AND t.tgtype & 7 = 7 AND t.tgenabled <> 'D')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass(?)
      """;

  /**
   * Types without their length: an explicit cast to varchar(n) would cut silently, an assignment
   * refuses.
   */
  private static final String COLUMNS =
      """
      SELECT a.attname, format_type(a.atttypid, NULL), pg_get_expr(d.adbin, d.adrelid),
             NOT a.attnotnull
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      ORDER BY a.attnum
      """;

  static Catalog read(Connection connection, Target target, ConnectionSpec spec)
      throws SQLException {
    String name = null;
    boolean isView = false;
    boolean takesCopy = false;
    try (PreparedStatement statement = connection.prepareStatement(TABLE)) {
      statement.setString(1, target.table());
      try (ResultSet result = statement.executeQuery()) {
        if (result.next()) {
          name = result.getString(1);
          isView = result.getBoolean(2);
          takesCopy = result.getBoolean(3);
        }
      }
    }
    if (name == null) {
      String knob = target instanceof ContactsTarget ? "--table" : "--prefix";
      String make =
          target instanceof JobUpdatesTarget ? "" : ", or have it made with --create-table";
      throw new LoadException(
          "no table "
              + target.table()
              + " in database "
              + spec.database()
              + "; name another with "
              + knob
              + make,
          null);
    }
    Map<String, TableColumn> columns = new LinkedHashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
      statement.setString(1, target.table());
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          columns.put(
              result.getString(1),
              new TableColumn(result.getString(2), result.getString(3), result.getBoolean(4)));
        }
      }
    }
    return new Catalog(name, isView, takesCopy, columns);
  }
}
