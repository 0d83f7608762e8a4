package org.pgbackfill.source;

import java.util.List;

/**
 * One record of a file: its fields, or why it has none. Immutable and safe between threads.
 *
 * <p>{@code number} is the ordinal of the record's first line over all files of the run, 1-based:
 * it grows in input order, and {@link CsvSource#place} turns it back into file and line.
 */
public final class CsvRecord {
  private final long number;
  private final SourceFile file;
  private final long line;
  private final String[] fields;
  private final String fault;
  private final boolean plain;

  private CsvRecord(
      long number, SourceFile file, long line, String[] fields, String fault, boolean plain) {
    this.number = number;
    this.file = file;
    this.line = line;
    this.fields = fields;
    this.fault = fault;
    this.plain = plain;
  }

  static CsvRecord of(long number, SourceFile file, long line, String[] fields) {
    return new CsvRecord(number, file, line, fields, null, false);
  }

  /** With fields that are known to be ASCII without NUL. */
  static CsvRecord plain(long number, SourceFile file, long line, String[] fields) {
    return new CsvRecord(number, file, line, fields, null, true);
  }

  static CsvRecord unreadable(long number, SourceFile file, long line, String text, String fault) {
    return new CsvRecord(number, file, line, new String[] {text}, fault, false);
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
    return fields[column];
  }

  /**
   * Whether the text needs no look at its characters.
   *
   * @return true when all fields are known to be ASCII without NUL; false when nobody has looked
   */
  public boolean isPlain() {
    return plain;
  }

  /**
   * How much text it has.
   *
   * @return characters in all values together
   */
  public long characters() {
    long characters = 0;
    for (String field : fields) {
      characters += field.length();
    }
    return characters;
  }

  /**
   * The values as they stand in the file.
   *
   * @return one for each column of the header; of an unreadable record its text alone
   */
  public List<String> values() {
    return List.of(fields);
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
