package org.pgbackfill.target;

import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.pgbackfill.source.CsvRecord;

/**
 * What is loaded: how a record becomes a row, which columns are written, and in which order keys
 * are touched. Immutable and safe between threads.
 */
public sealed interface Target permits ContactsTarget, JobsTarget {
  /**
   * The table as the operator names it.
   *
   * @return schema-qualified or not, quoted where SQL wants it; never empty
   */
  String table();

  /**
   * The columns that this run writes; {@code id} comes first, and is {@link Column.Presence#GIVEN}
   * when an export brings ids.
   *
   * @return in the order of {@link Row#value}
   */
  List<Column> columns();

  /**
   * Header names that no column takes, each once, for one notice.
   *
   * @return as they stand in the files
   */
  List<String> ignored();

  /**
   * The header of the column that no record can do without: one with nothing in it is refused.
   *
   * @return as it stands in the first file
   */
  String required();

  /**
   * Checks one record.
   *
   * @param record of one of the files that this target was made for
   * @param derivedId the id for a record that brings none
   * @return a row, or a reject with the reason
   */
  Checked check(CsvRecord record, UUID derivedId);

  /**
   * Whether the record itself has a value for a column, and not this program for it.
   *
   * @param row one of this target's
   * @param column 0-based, as in {@link #columns}
   * @return false where the record has nothing, and a default or the usual value stands in
   */
  boolean isGiven(Row row, int column);

  /**
   * The one order in which keys are touched.
   *
   * @return consistent with PostgreSQL's own order of the same keys
   */
  Comparator<Row> lockOrder();

  /**
   * The beginning of a row's place in that order, which settles most comparisons without a look at
   * the keys.
   *
   * @param row one of this target's
   * @return to be compared unsigned; never larger for a row that comes before another
   */
  long lockPrefix(Row row);
}
