package org.pgbackfill.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * A stream of bytes as physical lines, each ending behind its line feed. Neither a line nor what is
 * read on from a mark ever takes more than the limit.
 */
final class Lines implements Closeable {
  /**
   * One physical line.
   *
   * @param number 1-based
   * @param text without its line break
   * @param end the line break as it stands in the file: CR LF, LF, or empty at the end of the file
   * @param length in bytes, with the line break
   * @param tooLong whether the line was longer than the limit; its text is empty then
   */
  record Line(long number, String text, String end, long length, boolean tooLong) {}

  /** How a line ends: its break as it stands in the file. */
  private static final String[] BREAKS = {"", "\n", "\r\n"};

  private static final int BUFFER_BYTES = 64 * 1024;
  private static final int NO_MARK = -1;

  private final InputStream in;
  private final int limit;
  private final Checksum checksum;
  private byte[] buffer = new byte[BUFFER_BYTES];
  private int start;
  private int end;
  private long number;
  private final PlainLine plain = new PlainLine();
  private int summed;
  private int mark = NO_MARK;
  private long markedNumber;

  /**
   * Starts at the stream's next byte.
   *
   * @param limit the longest line that is kept, in bytes
   * @param checksum gets all bytes of the lines as they are read; null for none
   */
  Lines(InputStream in, int limit, Checksum checksum) throws IOException {
    this.in = in;
    this.limit = limit;
    this.checksum = checksum;
    skipByteOrderMark();
  }

  private void skipByteOrderMark() throws IOException {
    boolean more = true;
    while (end < 3 && more) {
      more = fill();
    }
    if (end >= 3
        && (buffer[0] & 0xFF) == 0xEF
        && (buffer[1] & 0xFF) == 0xBB
        && (buffer[2] & 0xFF) == 0xBF) {
      start = 3;
      summed = 3;
    }
  }

  /** Makes the next line the one to come back to. What is read on from it is kept as bytes. */
  void mark() {
    mark = start;
    markedNumber = number;
  }

  /** Goes back to the mark. */
  void back() {
    start = mark;
    number = markedNumber;
  }

  /** Lets the mark go, and stays here. */
  void release() {
    mark = NO_MARK;
  }

  /**
   * The next line, or null at the end. While there is a mark, a line that ends beyond the limit
   * from there is said to be too long without being read: go back to the mark then.
   */
  Line next() throws IOException {
    int from = start;
    while (true) {
      for (int i = from; i < end; i++) {
        if (buffer[i] == '\n') {
          return take(i + 1);
        }
      }
      int scanned = end - start;
      if (end - keptFrom() > limit) {
        return mark == NO_MARK ? skipRest() : new Line(number + 1, "", "", scanned, true);
      }
      if (!fill()) {
        return start == end ? null : take(end);
      }
      from = start + scanned;
    }
  }

  private Line take(int next) {
    int length = next - start;
    int textEnd = next - breakLength(next);
    String lineBreak = BREAKS[next - textEnd];
    number++;
    Line line =
        length > limit
            ? new Line(number, "", lineBreak, length, true)
            : new Line(
                number, Utf8.decode(buffer, start, textEnd - start), lineBreak, length, false);
    sumTo(next);
    start = next;
    return line;
  }

  private int breakLength(int next) {
    if (buffer[next - 1] != '\n') {
      return 0;
    }
    return next - start > 1 && buffer[next - 2] == '\r' ? 2 : 1;
  }

  /**
   * The next line as the fields of one record, if it is there in whole, and as plain as {@link
   * PlainLine} wants it; otherwise the line is still the next one.
   *
   * @param count how many fields are expected
   * @return where its first field starts in the {@link #block}; negative when there is none
   */
  int plainRecord(int count) throws IOException {
    int at = plain.split(buffer, start, end, count);
    if (at == PlainLine.NOT_WHOLE && end - start < BUFFER_BYTES / 2 && fill()) {
      at = plain.split(buffer, start, end, count);
    }
    if (at < 0 || plain.next() - start > limit) {
      return PlainLine.NOT_PLAIN;
    }
    number++;
    sumTo(plain.next());
    start = plain.next();
    return at;
  }

  /** Where the last plain record is. */
  byte[] block() {
    return plain.block();
  }

  private Line skipRest() throws IOException {
    long length = 0;
    boolean more = true;
    while (more) {
      int lineEnd = indexOfLineFeed() + 1;
      int part = (lineEnd > 0 ? lineEnd : end) - start;
      sumTo(start + part);
      length += part;
      start += part;
      more = lineEnd == 0 && fill();
    }
    return new Line(++number, "", "\n", length, true);
  }

  private int indexOfLineFeed() {
    for (int i = start; i < end; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** Each byte once, also where lines are read again. */
  private void sumTo(int to) {
    if (checksum != null && to > summed) {
      checksum.update(buffer, summed, to - summed);
    }
    summed = Math.max(summed, to);
  }

  private int keptFrom() {
    return mark == NO_MARK ? start : mark;
  }

  /** Reads some more behind what is there; false at the end of the stream. */
  private boolean fill() throws IOException {
    int from = keptFrom();
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, end - from);
      end -= from;
      start -= from;
      summed -= from;
      mark = mark == NO_MARK ? NO_MARK : 0;
      if (buffer.length > BUFFER_BYTES && end < BUFFER_BYTES / 2) {
        buffer = Arrays.copyOf(buffer, BUFFER_BYTES);
      }
    }
    if (end == buffer.length) {
      buffer = Arrays.copyOf(buffer, buffer.length * 2);
    }
    int count = in.read(buffer, end, buffer.length - end);
    if (count < 0) {
      return false;
    }
    end += count;
    return true;
  }

  /** How many lines were read. */
  long number() {
    return number;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
