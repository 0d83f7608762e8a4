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
  /** It leaves something to decide, or has another number of fields. */
  static final int NOT_PLAIN = -1;

  /** It does not end within the bytes that are there. */
  static final int NOT_WHOLE = -2;

  private static final int NO_ROOM = -3;
  private static final int BLOCK_BYTES = 64 * 1024;

  /** A field's end takes two bytes. */
  private static final int LONGEST = 0xFFFF;

  private byte[] block = new byte[0];
  private int size;

  /** Behind the last byte of the record on its way. */
  private int out;

  /** Where the line's first byte beyond ASCII is; its end when there is none. */
  private int beyond;

  private int next;

  /** Where the last record's fields are. */
  byte[] block() {
    return block;
  }

  /** Behind the last record's line feed. */
  int next() {
    return next;
  }

  /**
   * Splits a line, and keeps its fields in the {@link #block}: one behind the other, and before the
   * first one, backwards, two bytes for each that say how far from there it ends.
   *
   * @param in has the line
   * @param from where it starts
   * @param to behind the last byte that is there
   * @param count how many fields are expected
   * @return where the first field starts in the block; otherwise {@link #NOT_PLAIN} or {@link
   *     #NOT_WHOLE}
   */
  int split(byte[] in, int from, int to, int count) {
    int first = splitInBlock(in, from, to, count);
    if (first == NO_ROOM) {
      block = new byte[Math.max(BLOCK_BYTES, 2 * count + Math.min(to - from, LONGEST))];
      size = 0;
      first = splitInBlock(in, from, to, count);
    }
    return first == NO_ROOM ? NOT_PLAIN : first;
  }

  private int splitInBlock(byte[] in, int from, int to, int count) {
    int first = size + 2 * count;
    if (first > block.length) {
      return NO_ROOM;
    }
    out = first;
    beyond = to;
    int start = from;
    for (int field = 0; field < count; field++) {
      boolean quoted = start < to && in[start] == '"';
      int end = quoted ? copyQuoted(in, start + 1, to) : copyUnquoted(in, start, to);
      if (end < 0) {
        return end;
      }
      if (in[end] != (field + 1 == count ? '\n' : ',') || out - first > LONGEST) {
        return NOT_PLAIN;
      }
      if (!quoted && in[end] == '\n' && end > start && in[end - 1] == '\r') {
        out--;
      }
      int place = first - 2 * (field + 1);
      block[place] = (byte) ((out - first) >>> 8);
      block[place + 1] = (byte) (out - first);
      start = end + 1;
    }
    boolean blank = out == first && in[from] != '"' && in[from] != ',';
    if (blank || !Utf8.isWellFormed(in, beyond, start)) {
      return NOT_PLAIN;
    }
    next = start;
    size = out;
    return first;
  }

  /**
   * To the quote that closes the field.
   *
   * @return the place of the comma or line feed behind it
   */
  private int copyQuoted(byte[] in, int from, int to) {
    int start = from;
    for (int at = from; at + 1 < to; at++) {
      byte b = in[at];
      if (b > '"') {
        continue;
      }
      if (b == '"') {
        if (in[at + 1] != '"') {
          return copy(in, start, at) ? behindQuote(in, at + 1, to) : NO_ROOM;
        }
        at++; // the second of two stands for both
        if (!copy(in, start, at)) {
          return NO_ROOM;
        }
        start = at + 1;
      } else if (b == '\n' || b == 0) {
        return NOT_PLAIN;
      }
      if (b < 0) {
        beyond = Math.min(beyond, at);
      }
    }
    return NOT_WHOLE;
  }

  private static int behindQuote(byte[] in, int at, int to) {
    if (in[at] != '\r') {
      return at;
    }
    return at + 1 == to ? NOT_WHOLE : in[at + 1] == '\n' ? at + 1 : NOT_PLAIN;
  }

  /** To the comma or line feed, whose place comes back. */
  private int copyUnquoted(byte[] in, int from, int to) {
    for (int at = from; at < to; at++) {
      byte b = in[at];
      if (b > ',') {
        continue;
      }
      if (b == ',' || b == '\n') {
        return copy(in, from, at) ? at : NO_ROOM;
      }
      if (b == '"' || b == 0) {
        return NOT_PLAIN;
      }
      if (b < 0) {
        beyond = Math.min(beyond, at);
      }
    }
    return NOT_WHOLE;
  }

  private boolean copy(byte[] in, int from, int to) {
    if (to - from > block.length - out) {
      return false;
    }
    System.arraycopy(in, from, block, out, to - from);
    out += to - from;
    return true;
  }
}
