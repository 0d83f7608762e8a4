package org.pgbackfill.target;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.SourceFile;

/**
 * Changes of jobs that are there. The header decides how a job is named, for the whole run: where
 * it has {@code id} each record goes by its id, otherwise by its {@code unique_key} to the active
 * job that has it. So the records of one job always travel in one lane, in file order.
 */
public final class JobUpdatesTarget implements Target {
  private static final List<String> KNOWN =
      List.of(
          "id",
          "unique_key",
          "state",
          "started_at",
          "completed_at",
          "scheduled_at",
          "attempts",
          "max_attempts",
          "errors",
          "meta");

  /** The others always have a value in the queue's table. */
  private static final Set<String> TAKE_NULL = Set.of("started_at", "completed_at", "scheduled_at");

  private static final int ID = 0;
  private static final int UNIQUE_KEY = 1;
  private static final int FIRST_CHANGE = 2;
  private static final int STATE = 2;

  /** How a run's records name their jobs. */
  public enum By {
    /** The primary key. */
    ID,
    /** The unique key of an active job. */
    UNIQUE_KEY
  }

  private final String table;
  private final Mapping mapping;
  private final String nullText;
  private final By by;
  private final List<Column> columns;
  private final int[] written;

  /**
   * Fits the files' headers to the queue's table.
   *
   * @param prefix what the queue's tables start with, schema-qualified or not
   * @param files with their headers
   * @param renamed column to header name
   * @param nullText the field that sets NULL; null for none
   * @throws HeaderException when a header names no job, or nothing to change
   * @throws IllegalArgumentException when the prefix makes too long a name, or the text for NULL is
   *     empty
   */
  public JobUpdatesTarget(
      String prefix, List<SourceFile> files, Map<String, String> renamed, String nullText) {
    this.table = new JobsTarget(prefix, List.of(), Map.of()).table();
    if (nullText != null && nullText.isEmpty()) {
      throw new IllegalArgumentException(
          "--null is empty, and an empty field leaves the column as it is; expected a text that no"
              + " value has, such as --null NULL");
    }
    this.nullText = nullText;
    this.mapping = new Mapping(KNOWN, renamed, files);
    this.by = mapping.has(KNOWN.get(ID)) ? By.ID : By.UNIQUE_KEY;
    if (by == By.ID) {
      mapping.require("id", files, "; a run goes by id for all its records, or by unique_key");
    } else {
      mapping.require("unique_key", files, ", or bring the jobs' id");
    }
    List<Integer> positions = new ArrayList<>(List.of(ID));
    for (int c = by == By.ID ? FIRST_CHANGE : UNIQUE_KEY; c < KNOWN.size(); c++) {
      if (mapping.has(KNOWN.get(c))) {
        positions.add(c);
      }
    }
    this.written = positions.stream().mapToInt(Integer::intValue).toArray();
    this.columns = positions.stream().map(c -> Column.given(KNOWN.get(c))).toList();
    if (!files.isEmpty() && changeable().isEmpty()) {
      throw new HeaderException(
          files.get(0).name()
              + " line 1: no column to change; found "
              + String.join(", ", files.get(0).header())
              + "; expected one or more of "
              + String.join(", ", KNOWN.subList(FIRST_CHANGE, KNOWN.size())));
    }
  }

  /**
   * How the records name their jobs.
   *
   * @return the same for all records
   */
  public By by() {
    return by;
  }

  @Override
  public String table() {
    return table;
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public List<String> ignored() {
    return mapping.ignored();
  }

  @Override
  public String required() {
    return mapping.header(by == By.ID ? "id" : "unique_key");
  }

  @Override
  public Comparator<Row> lockOrder() {
    return LockOrder.JOBS;
  }

  @Override
  public OnExisting onExisting() {
    return OnExisting.OVERWRITE;
  }

  @Override
  public List<Integer> changeable() {
    return IntStream.range(0, written.length)
        .filter(c -> written[c] >= FIRST_CHANGE)
        .boxed()
        .toList();
  }

  /** An empty field leaves the column as it is: a change of state says nothing of the rest. */
  @Override
  public boolean gives(Row row, int column) {
    return !field(row.record(), written[column]).isEmpty();
  }

  @Override
  public boolean leavesKey(Row row) {
    return by == By.UNIQUE_KEY && JobsTarget.isFinished(field(row.record(), STATE));
  }

  @Override
  public Checked check(CsvRecord record, LongFunction<UUID> derived) {
    try {
      Checks.text(record);
      return row(record, derived);
    } catch (Checks.Refused e) {
      return new Reject(record, e.getMessage());
    }
  }

  private Row row(CsvRecord record, LongFunction<UUID> derived) throws Checks.Refused {
    String named = field(record, by == By.ID ? ID : UNIQUE_KEY);
    if (named.isEmpty()) {
      throw new Checks.Refused(
          by == By.ID
              ? "id is empty; expected the id of a job"
              : "unique_key is empty; expected that of an active job");
    }
    String[] values = new String[written.length];
    for (int i = 1; i < written.length; i++) {
      String column = KNOWN.get(written[i]);
      String value = field(record, written[i]);
      values[i] =
          value.isEmpty() || isNull(column, value) ? null : JobsTarget.checked(column, value);
    }
    return by == By.ID
        ? Row.of(record, Checks.uuid("id", named), derived, null, null, false, values)
        : Row.of(record, null, derived, null, named, true, values);
  }

  private boolean isNull(String column, String value) throws Checks.Refused {
    if (!value.equals(nullText)) {
      return false;
    }
    if (!TAKE_NULL.contains(column)) {
      throw new Checks.Refused(
          column + " can't be NULL; only started_at, completed_at and scheduled_at can");
    }
    return true;
  }

  private String field(CsvRecord record, int known) {
    int position = mapping.position(record.file(), known);
    return position < 0 ? "" : record.field(position);
  }
}
