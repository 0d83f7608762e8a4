package org.pgbackfill.target;

import java.util.Locale;

/** What becomes of a row that is there when a record with its key comes. */
public enum OnExisting {
  /** It stays as it is, and no lock is taken on it. */
  KEEP,
  /** Its columns that are NULL take the record's values; of several records the first one's. */
  FILL,
  /**
   * Its columns become what the record says; of several records the last one counts. A field that
   * is empty makes NULL where the column may be NULL, and leaves it alone where it may not. Columns
   * that the header does not have stay.
   */
  OVERWRITE;

  /**
   * The word on the command line.
   *
   * @return lower case
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
