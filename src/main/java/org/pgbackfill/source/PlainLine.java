package org.pgbackfill.source;

/**
 * The quick way through lines that leave nothing to decide: every quote opens or closes a whole
 * field, or is one of two inside such a field. Their fields are what OpenCSV reads in them, which a
 * test compares; all other lines take OpenCSV's way.
 *
 * <p>A record's fields stay bytes, side by side with those of its neighbours: as strings they would
 * take five times the memory. For one thread, which writes; what is written never changes, and is
 * for any.
 */
final class PlainLine {
  private static final int BLOCK_BYTES = 64 * 1024;

  /** A field's end takes two bytes. */
  private static final int LONGEST = 0xFFFF;

  private byte[] block = new byte[0];
  private int size;

  /** Behind the last byte of the record on its way. */
  private int out;

  /** Where the last record's fields are. */
  byte[] block() {
    return block;
  }

  /**
   * Splits a line, and keeps its fields in the {@link #block}: one behind the other, and before the
   * first one, backwards, two bytes for each that say how far from there it ends.
   *
   * @param line UTF-8 without NUL
   * @param from where the line starts
   * @param to behind its last byte, without the line break
   * @param count how many fields are expected
   * @return where the first field starts in the block; negative when it is not that plain, or has
   *     another number of fields
   */
  int split(byte[] line, int from, int to, int count) {
    if (to - from > LONGEST) {
      return -1;
    }
    int first = room(2 * count + to - from) + 2 * count;
    out = first;
    int start = from;
    for (int field = 0; field < count; field++) {
      boolean quoted = start < to && line[start] == '"';
      int end = quoted ? copyQuoted(line, start + 1, to) : copyUnquoted(line, start, to);
      if (end < 0) {
        return -1;
      }
      int place = first - 2 * (field + 1);
      block[place] = (byte) ((out - first) >>> 8);
      block[place + 1] = (byte) (out - first);
      end += quoted ? 1 : 0;
      boolean last = field + 1 == count;
      if (last != (end == to) || (!last && line[end] != ',')) {
        return -1;
      }
      start = end + 1;
    }
    size = out;
    return first;
  }

  private int room(int bytes) {
    if (size + bytes > block.length) {
      block = new byte[Math.max(BLOCK_BYTES, bytes)];
      size = 0;
    }
    return size;
  }

  /** To the quote that closes the field, whose place comes back; negative when nothing does. */
  private int copyQuoted(byte[] line, int from, int to) {
    int start = from;
    for (int at = from; at < to; at++) {
      if (line[at] == '"') {
        if (at + 1 == to || line[at + 1] != '"') {
          copy(line, start, at);
          return at;
        }
        at++; // the second of two stands for both
        copy(line, start, at);
        start = at + 1;
      }
    }
    return -1;
  }

  /** To the comma or the line's end, whose place comes back; negative when a quote comes first. */
  private int copyUnquoted(byte[] line, int from, int to) {
    int at = from;
    while (at < to && line[at] != ',') {
      if (line[at] == '"') {
        return -1;
      }
      at++;
    }
    copy(line, from, at);
    return at;
  }

  private void copy(byte[] line, int from, int to) {
    System.arraycopy(line, from, block, out, to - from);
    out += to - from;
  }
}
