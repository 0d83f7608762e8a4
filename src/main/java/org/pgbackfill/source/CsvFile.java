package org.pgbackfill.source;

import com.opencsv.RFC4180Parser;
import com.opencsv.RFC4180ParserBuilder;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** One open file: its header, then its records. For one thread. */
final class CsvFile implements Closeable {
  /**
   * The longest record that is read, in bytes: a bound on what one bad quote can make the reader
   * look ahead, and on memory. Longer ones are refused by name.
   */
  static final int MAX_RECORD_BYTES = 8 * 1024 * 1024;

  /** A table has at most 1,600 columns (PostgreSQL's limit); a header of more is not one. */
  private static final int MAX_COLUMNS = 1_600;

  private final RFC4180Parser parser = new RFC4180ParserBuilder().build();
  private final Deque<Lines.Line> again = new ArrayDeque<>();
  private final String name;
  private final Lines lines;
  private long lastLine;

  private CsvFile(String name, Lines lines) {
    this.name = name;
    this.lines = lines;
  }

  /**
   * Takes the stream over: it is closed with this, or at once when its first bytes can't be read.
   */
  static CsvFile open(String name, InputStream raw, MessageDigest digest) throws SourceException {
    try {
      return new CsvFile(name, new Lines(unzipped(raw), MAX_RECORD_BYTES, digest));
    } catch (IOException e) {
      SourceException failure = unreadable(name, 0, e);
      try {
        raw.close();
      } catch (IOException onClose) {
        failure.addSuppressed(onClose);
      }
      throw failure;
    }
  }

  /** A gzip file starts with 1f 8b (RFC 1952, section 2.3.1), whatever its name says. */
  private static InputStream unzipped(InputStream raw) throws IOException {
    BufferedInputStream in = new BufferedInputStream(raw, 64 * 1024);
    in.mark(2);
    boolean gzip = in.read() == 0x1F && in.read() == 0x8B;
    in.reset();
    return gzip
        ? GzipCompressorInputStream.builder()
            .setInputStream(in)
            .setDecompressConcatenated(true)
            .get()
        : in;
  }

  /** Reads the header line; to be called once, before the first record. */
  List<String> readHeader() throws SourceException {
    Lines.Line first = read();
    if (first == null) {
      throw new SourceException(
          name + ": the file is empty; expected a header line with the names of the columns");
    }
    if (first.tooLong()) {
      throw new SourceException(
          name
              + " line 1: the header is longer than "
              + MAX_RECORD_BYTES
              + " bytes; is this a CSV file?");
    }
    if (first.text().indexOf('\0') >= 0 || Utf8.isMalformed(first.text())) {
      throw new SourceException(
          name + " line 1: the header is not UTF-8 text; save the export as UTF-8");
    }
    String text = first.text();
    long end = 1;
    for (Quotes.State state = Quotes.scan(text, false); state != Quotes.State.COMPLETE; ) {
      Lines.Line next = state == Quotes.State.OPEN ? read() : null;
      if (next == null || next.tooLong() || text.length() > MAX_RECORD_BYTES) {
        throw new SourceException(
            name
                + " line 1: the header's quotes don't match (RFC 4180); expected names separated by"
                + " commas");
      }
      text += "\n" + next.text();
      end = next.number();
      state = Quotes.scan(next.text(), true);
    }
    lastLine = end;
    return checked(List.of(parse(text)));
  }

  private List<String> checked(List<String> header) throws SourceException {
    if (header.size() > MAX_COLUMNS) {
      throw new SourceException(
          name
              + " line 1: "
              + header.size()
              + " columns; expected at most "
              + MAX_COLUMNS
              + ", as PostgreSQL allows");
    }
    Set<String> seen = new HashSet<>();
    for (String column : header) {
      if (!seen.add(column.strip().toLowerCase(Locale.ROOT))) {
        throw new SourceException(
            name
                + " line 1: the column \""
                + column.strip()
                + "\" stands there twice; name each column once");
      }
    }
    return header;
  }

  /**
   * The next record, or null at the end of the file.
   *
   * @param file what the header said
   * @param before how many lines the files before this one have
   */
  CsvRecord next(SourceFile file, long before) throws SourceException {
    Lines.Line first = read();
    while (first != null && !first.tooLong() && first.text().isEmpty()) {
      first = read();
    }
    if (first == null) {
      return null;
    }
    long number = before + first.number();
    if (first.tooLong()) {
      return CsvRecord.unreadable(
          number,
          file,
          first.number(),
          "",
          "the line has "
              + first.length()
              + " bytes; expected at most "
              + MAX_RECORD_BYTES
              + "; its text is not repeated here");
    }
    Quotes.State state = Quotes.scan(first.text(), false);
    if (state == Quotes.State.COMPLETE) {
      String[] fields = parse(first.text());
      return fields.length == file.header().size()
          ? CsvRecord.of(number, file, first.number(), fields)
          : CsvRecord.unreadable(
              number, file, first.number(), first.text(), wrongCount(file, fields.length));
    }
    if (state != Quotes.State.OPEN) {
      return CsvRecord.unreadable(number, file, first.number(), first.text(), reason(state));
    }
    return severalLines(number, first, file);
  }

  /** A quoted field goes on over the line's end, or a stray quote only makes it look so. */
  private CsvRecord severalLines(long number, Lines.Line first, SourceFile file)
      throws SourceException {
    List<Lines.Line> more = new ArrayList<>();
    StringBuilder text = new StringBuilder(first.text());
    String lineBreak = first.end();
    long length = first.length();
    while (true) {
      Lines.Line next = read();
      if (next == null) {
        return onlyFirst(
            number, first, more, file, "a quote opens a field that no later line closes");
      }
      more.add(next);
      length += next.length();
      if (next.tooLong() || length > MAX_RECORD_BYTES) {
        return onlyFirst(
            number,
            first,
            more,
            file,
            "a quote opens a field that is not closed within " + MAX_RECORD_BYTES + " bytes");
      }
      text.append(lineBreak).append(next.text());
      lineBreak = next.end();
      Quotes.State state = Quotes.scan(next.text(), true);
      if (state == Quotes.State.COMPLETE) {
        String[] fields = parse(text.toString());
        if (fields.length == file.header().size()) {
          return CsvRecord.of(number, file, first.number(), fields);
        }
        String fault = wrongCount(file, fields.length);
        return more.stream().anyMatch(line -> standsAlone(line, file))
            ? onlyFirst(number, first, more, file, strayQuote(next) + "; " + fault)
            : CsvRecord.unreadable(number, file, first.number(), text.toString(), fault);
      }
      if (state != Quotes.State.OPEN) {
        return onlyFirst(
            number, first, more, file, strayQuote(next) + "; " + reason(state) + " there");
      }
    }
  }

  /** A line that is a record by itself has been swallowed by somebody else's quote. */
  private boolean standsAlone(Lines.Line line, SourceFile file) {
    return Quotes.scan(line.text(), false) == Quotes.State.COMPLETE
        && parse(line.text()).length == file.header().size();
  }

  /**
   * Gives up one line and reads the lines behind it again, so that a stray quote costs one record
   * and no more.
   */
  private CsvRecord onlyFirst(
      long number, Lines.Line first, List<Lines.Line> more, SourceFile file, String fault) {
    for (int i = more.size() - 1; i >= 0; i--) {
      again.addFirst(more.get(i));
    }
    return CsvRecord.unreadable(number, file, first.number(), first.text(), fault);
  }

  private static String strayQuote(Lines.Line next) {
    return "a quote opens a field that runs into line " + next.number();
  }

  private static String wrongCount(SourceFile file, int found) {
    return "expected " + file.header().size() + " fields, as in the header, found " + found;
  }

  private static String reason(Quotes.State state) {
    return state == Quotes.State.STRAY
        ? "a quote stands inside a field that does not start with one"
        : "text follows a field's closing quote";
  }

  private String[] parse(String text) {
    try {
      return parser.parseLine(text);
    } catch (IOException e) {
      throw new UncheckedIOException("reading a string", e);
    }
  }

  private Lines.Line read() throws SourceException {
    if (!again.isEmpty()) {
      return again.removeFirst();
    }
    try {
      Lines.Line line = lines.next();
      if (line != null) {
        lastLine = line.number();
      }
      return line;
    } catch (IOException e) {
      throw unreadable(name, lastLine, e);
    }
  }

  /** How many lines were read so far. */
  long lastLine() {
    return lastLine;
  }

  private static SourceException unreadable(String name, long line, IOException e) {
    String where = line == 0 ? name : name + " behind line " + line;
    String what =
        e instanceof EOFException || String.valueOf(e.getMessage()).contains("Truncated")
            ? "the compressed file ends too early; it was not written or copied to its end"
            : "can't be read: " + e.getMessage();
    return new SourceException(where + ": " + what, e);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
