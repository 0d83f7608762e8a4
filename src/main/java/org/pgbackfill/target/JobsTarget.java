package org.pgbackfill.target;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.SourceFile;

/**
 * Jobs of the Chancy queue. The arbiter is the partial unique index on {@code (unique_key) where
 * unique_key is not null and state not in ('succeeded', 'failed')}: a finished job's key is free
 * again.
 */
public final class JobsTarget implements Target {
  /** What the queue's tables and its channel start with, where nothing else is named. */
  public static final String DEFAULT_PREFIX = "chancy_";

  /** The longest name that PostgreSQL has, in bytes (NAMEDATALEN - 1). */
  private static final int LONGEST_NAME = 63;

  private static final Set<String> FINISHED = Set.of("succeeded", "failed");
  private static final Set<String> STATES =
      Set.of("pending", "running", "retrying", "succeeded", "failed");

  /**
   * {@code taken_by} is in an export of the queue's own table: without it nobody would take a
   * running job back.
   */
  private static final List<String> KNOWN =
      List.of(
          "id",
          "queue",
          "func",
          "state",
          "unique_key",
          "kwargs",
          "limits",
          "meta",
          "errors",
          "priority",
          "attempts",
          "max_attempts",
          "taken_by",
          "created_at",
          "started_at",
          "completed_at",
          "scheduled_at");

  private static final int ID = 0;
  private static final int QUEUE = 1;
  private static final int FUNC = 2;
  private static final int STATE = 3;
  private static final int UNIQUE_KEY = 4;

  /** What the queue itself writes where a push says nothing. */
  private static final Map<String, String> USUAL =
      Map.of(
          "queue", "default",
          "state", "pending",
          "kwargs", "{}",
          "limits", "[]",
          "meta", "{}",
          "errors", "[]",
          "priority", "0",
          "attempts", "0",
          "max_attempts", "1");

  private final String prefix;
  private final Mapping mapping;
  private final List<Column> columns;
  private final int[] written;
  private final Kind[] kinds;
  private final Layout[] layouts;

  /** What there is to check in a column's values. */
  private enum Kind {
    TEXT,
    INTEGER,
    STATE,
    OBJECT,
    ARRAY,
    TIME;

    static Kind of(String column) {
      return switch (column) {
        case "kwargs", "meta" -> OBJECT;
        case "limits", "errors" -> ARRAY;
        case "priority", "attempts", "max_attempts" -> INTEGER;
        case "created_at", "started_at", "completed_at", "scheduled_at" -> TIME;
        case "state" -> STATE;
        default -> TEXT;
      };
    }
  }

  /**
   * Fits the files' headers to the queue's table.
   *
   * @param prefix what the queue's tables start with, schema-qualified or not
   * @param files with their headers
   * @param renamed column to header name
   * @throws HeaderException when a header lacks a column
   * @throws IllegalArgumentException when the prefix makes too long a name
   */
  public JobsTarget(String prefix, List<SourceFile> files, Map<String, String> renamed) {
    this.prefix = prefix;
    int length = channel().getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_NAME) {
      // The table's name would be cut, and every notification refused.
      throw new IllegalArgumentException(
          "--prefix "
              + prefix
              + " makes a channel name of "
              + length
              + " bytes; PostgreSQL takes at most "
              + LONGEST_NAME);
    }
    this.mapping = new Mapping(KNOWN, renamed, files);
    mapping.require("func", files, "");
    List<Integer> positions = new ArrayList<>(List.of(ID, QUEUE, FUNC, STATE, UNIQUE_KEY));
    for (int c = UNIQUE_KEY + 1; c < KNOWN.size(); c++) {
      if (mapping.has(KNOWN.get(c))
          || USUAL.containsKey(KNOWN.get(c))
          || KNOWN.get(c).equals("created_at")) {
        positions.add(c);
      }
    }
    this.written = positions.stream().mapToInt(Integer::intValue).toArray();
    this.kinds = positions.stream().map(c -> Kind.of(KNOWN.get(c))).toArray(Kind[]::new);
    this.columns = positions.stream().map(c -> column(KNOWN.get(c))).toList();
    String[] usual = positions.stream().map(c -> USUAL.get(KNOWN.get(c))).toArray(String[]::new);
    this.layouts = Layout.of(files, mapping, written, usual, UNIQUE_KEY);
  }

  private Column column(String name) {
    boolean given =
        mapping.has(name) || List.of("queue", "func", "state", "unique_key").contains(name);
    Column column = given ? Column.given(name) : Column.supplied(name);
    return name.equals("created_at") ? column.orElse("now()") : column;
  }

  @Override
  public String table() {
    // The queue quotes its names, so a prefix keeps its letters' case.
    return Arrays.stream((prefix + "jobs").split("\\."))
        .map(part -> '"' + part.replace("\"", "\"\"") + '"')
        .collect(Collectors.joining("."));
  }

  /**
   * The channel on which workers listen for pushed jobs.
   *
   * @return such as {@code chancy_events}; a schema in the prefix is not part of it
   */
  public String channel() {
    return prefix.substring(prefix.lastIndexOf('.') + 1) + "events";
  }

  /**
   * The queue that a row goes to.
   *
   * @param rows this target's
   * @param place 0-based
   * @return never null
   */
  public static String queue(Rows rows, int place) {
    return rows.value(place, QUEUE);
  }

  /**
   * Whether two rows go to the same queue.
   *
   * @param rows this target's
   * @param place 0-based
   * @param other 0-based
   * @return as comparing what {@link #queue} tells of them
   */
  public static boolean haveOneQueue(Rows rows, int place, int other) {
    return rows.haveSameValue(place, other, QUEUE);
  }

  /**
   * Whether the export has the job as one that is done with.
   *
   * @param row one of any target's
   * @return false for contacts
   */
  public static boolean isFinished(Row row) {
    return row.link() == null && isFinished(row.value(STATE));
  }

  static boolean isFinished(String state) {
    return FINISHED.contains(state);
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
    return mapping.header("func");
  }

  @Override
  public Comparator<Row> lockOrder() {
    return LockOrder.JOBS;
  }

  @Override
  public Checked check(CsvRecord record, LongFunction<UUID> derived) {
    try {
      Checks.text(record);
      Row plain = record.isPlain() ? plainRow(record, derived) : null;
      return plain == null ? row(record, derived) : plain;
    } catch (Checks.Refused e) {
      return new Reject(record, e.getMessage());
    }
  }

  @Override
  public boolean isGiven(Row row, int column) {
    return !field(row.record(), written[column]).isEmpty();
  }

  /**
   * The quick way for a record whose values need no change, with strings only for those that are
   * parsed.
   *
   * @return null when it is not that plain
   */
  private Row plainRow(CsvRecord record, LongFunction<UUID> derived) throws Checks.Refused {
    Layout layout = layouts[record.file().index()];
    if (layout.has(record, ID) || !layout.has(record, FUNC)) {
      return null;
    }
    boolean active = true;
    for (int i = ID + 1; i < written.length; i++) {
      if (layout.has(record, i)) {
        int position = layout.position(i);
        int start = record.start(position);
        int end = record.end(position);
        switch (kinds[i]) {
          case TEXT -> {
            if (written[i] == FUNC && record.bytes()[start] <= ' ') {
              return null; // it may be blank
            }
          }
          case INTEGER -> {
            if (!Checks.isPlainInteger(record.bytes(), start, end)) {
              return null;
            }
          }
          case STATE -> active = !isFinished(state(record.field(position)));
          case OBJECT, ARRAY -> {
            Json.Shape shape = kinds[i] == Kind.OBJECT ? Json.Shape.OBJECT : Json.Shape.ARRAY;
            if (!Json.isEmpty(record.bytes(), start, end, shape)) {
              var unused = checked(KNOWN.get(written[i]), record.field(position));
            }
          }
          case TIME -> {
            var unused = Checks.timestamp(KNOWN.get(written[i]), record.field(position));
          }
        }
      }
    }
    boolean keyed = layout.has(record, UNIQUE_KEY);
    return Row.plainJob(record, derived, keyed, keyed && active, layout);
  }

  private Row row(CsvRecord record, LongFunction<UUID> derived) throws Checks.Refused {
    if (field(record, FUNC).isBlank()) {
      throw new Checks.Refused("func is empty; expected the name of the function to call");
    }
    String givenId = field(record, ID);
    UUID id = givenId.isEmpty() ? null : Checks.uuid("id", givenId);
    String[] values = new String[written.length];
    boolean asItStands = true;
    for (int i = ID + 1; i < written.length; i++) {
      String column = KNOWN.get(written[i]);
      String value = field(record, written[i]);
      values[i] = value.isEmpty() ? USUAL.get(column) : checked(column, value);
      asItStands &= value.isEmpty() || value.equals(values[i]);
    }
    boolean active = !isFinished(values[STATE]);
    String key = values[UNIQUE_KEY];
    boolean keyed = active && key != null;
    return asItStands
        ? Row.asItStands(record, id, derived, null, key, keyed, layouts[record.file().index()])
        : Row.of(record, id, derived, null, key, keyed, values);
  }

  /** A value that is not empty, as any record about a job may bring it. */
  static String checked(String column, String value) throws Checks.Refused {
    return switch (column) {
      case "kwargs", "meta" -> Json.check(column, value, Json.Shape.OBJECT);
      case "limits" -> Json.check(column, value, Json.Shape.LIMITS);
      case "errors" -> Json.check(column, value, Json.Shape.ARRAY);
      case "priority", "attempts", "max_attempts" -> Checks.integer(column, value);
      case "created_at", "started_at", "completed_at", "scheduled_at" ->
          Checks.timestamp(column, value);
      case "state" -> state(value);
      default -> value;
    };
  }

  private static String state(String value) throws Checks.Refused {
    if (!STATES.contains(value)) {
      throw new Checks.Refused(
          "state "
              + Checks.shown(value)
              + " is unknown; expected pending, running, retrying, succeeded or failed");
    }
    return value;
  }

  private String field(CsvRecord record, int known) {
    int position = mapping.position(record.file(), known);
    return position < 0 ? "" : record.field(position);
  }
}
