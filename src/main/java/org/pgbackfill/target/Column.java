package org.pgbackfill.target;

/**
 * One column that a run writes.
 *
 * @param name in the table
 * @param presence whether an export names it
 * @param fallback an SQL expression for an empty value where the table's column has no default of
 *     its own; null for none
 */
public record Column(String name, Presence presence, String fallback) {
  /** Whether an export names the column. */
  public enum Presence {
    /** A header names it: a table without it is refused. */
    GIVEN,
    /**
     * No header names it; it is written with its usual value, and left out where the table does not
     * have it.
     */
    SUPPLIED
  }

  static Column given(String name) {
    return new Column(name, Presence.GIVEN, null);
  }

  static Column supplied(String name) {
    return new Column(name, Presence.SUPPLIED, null);
  }

  Column orElse(String sql) {
    return new Column(name, presence, sql);
  }
}
