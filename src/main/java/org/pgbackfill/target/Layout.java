package org.pgbackfill.target;

import java.util.List;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.SourceFile;

/**
 * Where a file's records have the columns that a run writes, so that a row needs to keep nothing
 * that its record has already. Immutable and safe between threads.
 */
final class Layout {
  private final int[] positions;
  private final String[] usual;
  private final int keyColumn;

  private Layout(int[] positions, String[] usual, int keyColumn) {
    this.positions = positions;
    this.usual = usual;
    this.keyColumn = keyColumn;
  }

  /**
   * One for each file.
   *
   * @param written the columns that are written, as they are among the mapping's known ones
   * @param usual by place in {@code written}: what stands for an empty field; null for NULL
   * @param keyColumn the key text's place in {@code written}
   */
  static Layout[] of(
      List<SourceFile> files, Mapping mapping, int[] written, String[] usual, int keyColumn) {
    Layout[] layouts = new Layout[files.size()];
    for (SourceFile file : files) {
      int[] positions = new int[written.length];
      for (int c = 0; c < written.length; c++) {
        positions[c] = mapping.position(file, written[c]);
      }
      layouts[file.index()] = new Layout(positions, usual, keyColumn);
    }
    return layouts;
  }

  /** Where the column's field is in the record; negative when the file does not have it. */
  int position(int column) {
    return positions[column];
  }

  /** Whether anything stands in the column's field of a plain record. */
  boolean has(CsvRecord record, int column) {
    return has(record.bytes(), record.start(0), column);
  }

  /** Whether anything stands in the column's field of the plain record that starts there. */
  boolean has(byte[] block, int first, int column) {
    int position = positions[column];
    return position >= 0
        && CsvRecord.start(block, first, position) < CsvRecord.end(block, first, position);
  }

  /** The key text's field in the record; negative when the file does not have it. */
  int keyPosition() {
    return positions[keyColumn];
  }

  /** The column's value as it stands in the record, or what is usual where nothing stands there. */
  String value(CsvRecord record, int column) {
    int position = positions[column];
    String field = position < 0 ? "" : record.field(position);
    return field.isEmpty() ? usual[column] : field;
  }

  /** What stands for an empty field; null for NULL. */
  String usual(int column) {
    return usual[column];
  }
}
