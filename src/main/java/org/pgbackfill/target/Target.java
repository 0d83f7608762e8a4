package org.pgbackfill.target;

import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;
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
   * @param derived gives the id for the number of a record that brings none; always the same one
   * @return a row, or a reject with the reason
   */
  Checked check(CsvRecord record, LongFunction<UUID> derived);

  /**
   * The one order in which keys are touched.
   *
   * @return consistent with PostgreSQL's own order of the same keys
   */
  Comparator<Row> lockOrder();
}
