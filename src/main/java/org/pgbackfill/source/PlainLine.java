package org.pgbackfill.source;

import java.nio.charset.StandardCharsets;

/**
 * The quick way through lines that leave nothing to decide: ASCII, and every quote opens or closes
 * a whole field. Their fields are what OpenCSV reads in them, which a test compares; all other
 * lines take OpenCSV's way.
 */
final class PlainLine {
  private PlainLine() {}

  /**
   * The line's fields.
   *
   * @param bytes ASCII without NUL
   * @param from where the line starts
   * @param to behind its last byte, without the line break
   * @param count how many fields are expected
   * @return null when it is not that plain, or has another number of fields
   */
  static String[] split(byte[] bytes, int from, int to, int count) {
    String[] fields = new String[count];
    int start = from;
    for (int field = 0; field < count; field++) {
      int end = start;
      if (start < to && bytes[start] == '"') {
        start++;
        end = indexOfQuote(bytes, start, to);
        if (end == to || (end + 1 < to && bytes[end + 1] != ',')) {
          return null;
        }
        fields[field] = text(bytes, start, end);
        end++;
      } else {
        while (end < to && bytes[end] != ',') {
          if (bytes[end] == '"') {
            return null;
          }
          end++;
        }
        fields[field] = text(bytes, start, end);
      }
      boolean last = field + 1 == count;
      if (last != (end == to)) {
        return null;
      }
      start = end + 1;
    }
    return fields;
  }

  private static int indexOfQuote(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != '"') {
      at++;
    }
    return at;
  }

  private static String text(byte[] bytes, int from, int to) {
    return from == to ? "" : new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
