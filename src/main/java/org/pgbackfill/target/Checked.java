package org.pgbackfill.target;

import org.pgbackfill.source.CsvRecord;

/** A record after its checks: a {@link Row} to load, or a {@link Reject} with its reason. */
public sealed interface Checked permits Row, Reject {
  /**
   * The record that was checked.
   *
   * @return never null
   */
  CsvRecord record();

  /**
   * The key as the outcome file shows it.
   *
   * @return empty where there is none
   */
  String shownKey();
}
