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
public sealed interface Target permits ContactsTarget, JobsTarget, JobUpdatesTarget {
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
   * What becomes of rows that are there.
   *
   * @return for all records of the run
   */
  default OnExisting onExisting() {
    return OnExisting.KEEP;
  }

  /**
   * The columns of a row that is there which a record may change.
   *
   * @return 0-based, as in {@link #columns}; empty with {@link OnExisting#KEEP}
   */
  default List<Integer> changeable() {
    return List.of();
  }

  /**
   * Whether a record says what a column of a row that is there should be.
   *
   * @param row one of this target's
   * @param column one of {@link #changeable}
   * @return true also for an empty field that means NULL
   */
  default boolean gives(Row row, int column) {
    return false;
  }

  /**
   * Whether a row that a record has changed is not found by the record's key any more.
   *
   * @param row one of this target's
   * @return true for a job that goes by its unique key, and has finished with this record
   */
  default boolean leavesKey(Row row) {
    return false;
  }

  /**
   * Whether the record itself has a value for a column, and not this program for it.
   *
   * @param row one of this target's
   * @param column 0-based, as in {@link #columns}
   * @return false where the record has nothing, and a default or the usual value stands in
   */
  default boolean isGiven(Row row, int column) {
    return column == 0 ? row.idGiven() : row.value(column) != null;
  }

  /**
   * The one order in which keys are touched.
   *
   * @return consistent with PostgreSQL's own order of the same keys
   */
  Comparator<Row> lockOrder();
}
