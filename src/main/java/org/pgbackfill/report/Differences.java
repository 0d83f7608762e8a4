package org.pgbackfill.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvWriter;

/**
 * What a verification has found: how many of each kind, the first few to show, and all of them in a
 * file where one is wanted. For one thread at a time.
 */
public final class Differences implements AutoCloseable {
  /** What can be said of a record. */
  public enum Kind {
    /** Its row has all that it gives. */
    PRESENT,
    /** There is no row. */
    MISSING,
    /** Its row has other values. */
    DIFFERING,
    /** A worker has finished the job since; its values are not compared. */
    FINISHED,
    /** An earlier record has the key: what they come to was looked for. */
    DUPLICATE,
    /** The checks refuse it, or the server can't read its values: no row can have them. */
    REJECTED,
    /** A job with neither unique key nor id: nobody can tell which row it is. */
    UNVERIFIABLE;

    /**
     * The kind's word in files and summaries.
     *
     * @return lower case
     */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What is found of a record's column.
   *
   * @param column its name; empty where it is about the whole record
   * @param expected as the export has it; empty for NULL, and where it is about the whole record
   * @param found as the table has it, or why the record is refused; null for NULL
   */
  public record Detail(String column, String expected, String found) {}

  private static final int EXAMPLES = 10;
  private static final String NOTHING = "nothing";
  private static final int SHOWN = 60;
  private static final List<String> HEADER =
      List.of("file", "line", "key", "id", "finding", "column", "expected", "found");

  private final Path path;
  private final CsvWriter writer;
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private final Map<String, Long> byColumn = new TreeMap<>();
  private final Map<Kind, List<String>> examples = new EnumMap<>(Kind.class);

  private Differences(Path path, CsvWriter writer) {
    this.path = path;
    this.writer = writer;
  }

  /**
   * Makes the file.
   *
   * @param path where differences go; null for nowhere
   * @return to be closed by the caller
   * @throws UncheckedIOException when the file can't be made there
   */
  public static Differences open(Path path) {
    if (path == null) {
      return new Differences(null, null);
    }
    try {
      CsvWriter writer = CsvWriter.create(path);
      writer.write(HEADER);
      return new Differences(path, writer);
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  private static UncheckedIOException failed(Path path, IOException e) {
    return new UncheckedIOException(
        "--differences " + path + ": can't be written: " + e.getMessage(), e);
  }

  /**
   * Counts records that need no more words.
   *
   * @param kind what is found of them
   * @param records how many
   */
  public void count(Kind kind, long records) {
    counts.merge(kind, records, Long::sum);
  }

  /**
   * Tells of one record.
   *
   * @param kind what is found of it
   * @param record of the export
   * @param key as it is shown
   * @param id the row's; null where there is none
   * @param details one for each column that differs; one otherwise
   * @throws UncheckedIOException when the file can't be written
   */
  public void add(Kind kind, CsvRecord record, String key, UUID id, List<Detail> details) {
    count(kind, 1);
    for (Detail detail : details) {
      if (kind == Kind.DIFFERING) {
        byColumn.merge(detail.column(), 1L, Long::sum);
      }
      List<String> shown = examples.computeIfAbsent(kind, k -> new ArrayList<>());
      if (shown.size() < EXAMPLES) {
        shown.add(line(kind, record, key, id, detail));
      }
      write(kind, record, key, id, detail);
    }
  }

  private static String line(Kind kind, CsvRecord record, String key, UUID id, Detail detail) {
    String place = record.place() + ": " + (key.isEmpty() ? "" : key + ": ");
    return place
        + switch (kind) {
          case DIFFERING ->
              detail.column()
                  + ": expected "
                  + (detail.expected().isEmpty() ? NOTHING : shown(detail.expected()))
                  + ", found "
                  + (detail.found() == null ? NOTHING : shown(detail.found()));
          case FINISHED -> "finished since, id " + id;
          case REJECTED -> detail.found();
          case UNVERIFIABLE -> "has neither unique_key nor id";
          case MISSING, PRESENT, DUPLICATE -> kind.word();
        };
  }

  private static String shown(String value) {
    String start =
        value.codePointCount(0, value.length()) <= SHOWN
            ? value
            : value.substring(0, value.offsetByCodePoints(0, SHOWN)) + "...";
    return "\"" + start.replaceAll("\\p{Cntrl}", "?") + "\"";
  }

  private void write(Kind kind, CsvRecord record, String key, UUID id, Detail detail) {
    if (writer == null || kind == Kind.FINISHED) {
      return; // a finished job is where it should be
    }
    try {
      writer.write(
          List.of(
              record.file().name(),
              Long.toString(record.line()),
              key,
              id == null ? "" : id.toString(),
              kind.word(),
              detail.column(),
              detail.expected(),
              detail.found() == null ? "" : detail.found()));
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /**
   * How many records have this finding.
   *
   * @param kind which
   * @return 0 and more
   */
  public long of(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /**
   * In how many records each column differs.
   *
   * @return only columns that do, by name
   */
  public Map<String, Long> byColumn() {
    return Collections.unmodifiableMap(byColumn);
  }

  /**
   * The first few of a kind.
   *
   * @param kind which
   * @return lines for people
   */
  public List<String> examples(Kind kind) {
    return List.copyOf(examples.getOrDefault(kind, List.of()));
  }

  /**
   * Where all differences are.
   *
   * @return null when no file was asked for
   */
  public Path file() {
    return path;
  }

  @Override
  public void close() {
    try {
      if (writer != null) {
        writer.close();
      }
    } catch (IOException e) {
      throw failed(path, e);
    }
  }
}
