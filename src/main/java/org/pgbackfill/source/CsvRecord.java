package org.pgbackfill.source;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One record of a file: its fields, or why it has none. Immutable and safe between threads.
 *
 * <p>{@code number} is the ordinal of the record's first line over all files of the run, 1-based:
 * it grows in input order, and {@link CsvSource#place} turns it back into file and line.
 */
public final class CsvRecord {
  /** A string's objects on a 64-bit JVM, besides its characters. */
  private static final long STRING_BYTES = 48;

  private final long number;
  private final SourceFile file;
  private final long line;

  /** Null of a plain record. */
  private final String[] fields;

  private final String fault;

  /** Of a plain record: its fields as {@link PlainLine} keeps them; null of any other. */
  private final byte[] block;

  private final int first;

  private CsvRecord(
      long number,
      SourceFile file,
      long line,
      String[] fields,
      String fault,
      byte[] block,
      int first) {
    this.number = number;
    this.file = file;
    this.line = line;
    this.fields = fields;
    this.fault = fault;
    this.block = block;
    this.first = first;
  }

  static CsvRecord of(long number, SourceFile file, long line, String[] fields) {
    return new CsvRecord(number, file, line, fields, null, null, 0);
  }

  /**
   * With fields that are known to be UTF-8 without NUL; also to make a record that was plain again.
   *
   * @param number as {@link #number} tells it
   * @param file what the header said
   * @param line as {@link #line} tells it
   * @param block as {@link #bytes} tells it
   * @param first where the first field starts there, as {@link #start} tells it
   * @return a plain record
   */
  public static CsvRecord plain(long number, SourceFile file, long line, byte[] block, int first) {
    return new CsvRecord(number, file, line, null, null, block, first);
  }

  static CsvRecord unreadable(long number, SourceFile file, long line, String text, String fault) {
    return new CsvRecord(number, file, line, new String[] {text}, fault, null, 0);
  }

  /**
   * The record's place in the whole input.
   *
   * @return 1 and more; one more for every line before it, over all files
   */
  public long number() {
    return number;
  }

  /**
   * The file that the record stands in.
   *
   * @return never null
   */
  public SourceFile file() {
    return file;
  }

  /**
   * The record's first line.
   *
   * @return 1-based, as editors show it; the header is line 1
   */
  public long line() {
    return line;
  }

  /**
   * Why the record could not be read.
   *
   * @return the reason, or null when the record has the header's fields
   */
  public String fault() {
    return fault;
  }

  /**
   * One field's value.
   *
   * @param column 0-based, below the header's size
   * @return the text as it stands in the file without its quotes; empty when nothing stands there;
   *     never null
   * @throws IllegalStateException when the record is unreadable
   */
  public String field(int column) {
    if (fault != null) {
      throw new IllegalStateException("an unreadable record has no fields: " + fault);
    }
    if (block == null) {
      return fields[column];
    }
    int start = start(column);
    int end = end(column);
    return start == end ? "" : new String(block, start, end - start, StandardCharsets.UTF_8);
  }

  /**
   * Whether the text needs no look at its characters, and is there as bytes.
   *
   * @return true when all fields are known to be UTF-8 without NUL; false when nobody has looked
   */
  public boolean isPlain() {
    return block != null;
  }

  /**
   * Where the fields of a plain record are, with other records'.
   *
   * @return UTF-8, not to be changed; null of a record that is not plain
   */
  public byte[] bytes() {
    return block;
  }

  /**
   * Where a field of a plain record starts in {@link #bytes}.
   *
   * @param column 0-based, below the header's size
   * @return 0-based
   */
  public int start(int column) {
    return start(block, first, column);
  }

  /**
   * Where a field of a plain record ends in {@link #bytes}.
   *
   * @param column 0-based, below the header's size
   * @return behind its last byte
   */
  public int end(int column) {
    return end(block, first, column);
  }

  /**
   * Where a field of a plain record starts, for whoever has no record at hand.
   *
   * @param block as {@link #bytes} tells it
   * @param first where the first field starts there
   * @param column 0-based, below the header's size
   * @return 0-based
   */
  public static int start(byte[] block, int first, int column) {
    return column == 0 ? first : end(block, first, column - 1);
  }

  /**
   * Where a field of a plain record ends, for whoever has no record at hand.
   *
   * @param block as {@link #bytes} tells it
   * @param first where the first field starts there
   * @param column 0-based, below the header's size
   * @return behind its last byte
   */
  public static int end(byte[] block, int first, int column) {
    return first + twoBytes(block, first - 2 * (column + 1));
  }

  /** So small that the quick compiler takes it in where it is called, as the callers above. */
  private static int twoBytes(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
  }

  /**
   * What its values take in memory.
   *
   * @return bytes, about
   */
  public long footprint() {
    if (block != null) {
      int columns = file.header().size();
      return 2L * columns + end(columns - 1) - first;
    }
    long characters = 0;
    for (String field : fields) {
      characters += STRING_BYTES + field.length();
    }
    return characters;
  }

  /**
   * The values as they stand in the file.
   *
   * @return one for each column of the header; of an unreadable record its text alone
   */
  public List<String> values() {
    if (fields != null) {
      return List.of(fields);
    }
    return IntStream.range(0, file.header().size()).mapToObj(this::field).toList();
  }

  /**
   * Where the record stands, for messages.
   *
   * @return such as {@code contacts.csv line 4182}
   */
  public String place() {
    return file.name() + " line " + line;
  }

  @Override
  public String toString() {
    return place();
  }
}
