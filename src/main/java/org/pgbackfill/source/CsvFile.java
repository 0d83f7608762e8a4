package org.pgbackfill.source;

import com.opencsv.RFC4180Parser;
import com.opencsv.RFC4180ParserBuilder;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
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
  private final String name;
  private final Lines lines;

  private CsvFile(String name, Lines lines) {
    this.name = name;
    this.lines = lines;
  }

  /**
   * Takes the stream over: it is closed with this, or at once when its first bytes can't be read.
   */
  static CsvFile open(String name, InputStream raw, Checksum checksum) throws SourceException {
    try {
      return new CsvFile(name, new Lines(unzipped(raw), MAX_RECORD_BYTES, checksum));
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
      throw badHeader(
          "the header is longer than " + MAX_RECORD_BYTES + " bytes; is this a CSV file?");
    }
    if (first.text().isBlank()) {
      throw badHeader("the line is blank; expected a header line with the names of the columns");
    }
    Joined joined = join(first);
    String text = joined.text();
    if (text.indexOf('\0') >= 0 || Utf8.isMalformed(text)) {
      throw badHeader("the header is not UTF-8 text; save the export as UTF-8");
    }
    if (joined.fault() != null) {
      throw badHeader(
          "the header's quotes don't match (RFC 4180); expected names separated by commas");
    }
    int columns = Quotes.fields(text);
    if (columns > MAX_COLUMNS) {
      throw badHeader(
          columns + " columns; expected at most " + MAX_COLUMNS + ", as PostgreSQL allows");
    }
    return checked(List.of(parse(text)));
  }

  private SourceException badHeader(String fault) {
    return new SourceException(name + " line 1: " + fault);
  }

  private List<String> checked(List<String> header) throws SourceException {
    Set<String> seen = new HashSet<>();
    for (String column : header) {
      if (!seen.add(column.strip().toLowerCase(Locale.ROOT))) {
        throw badHeader(
            "the column \"" + column.strip() + "\" stands there twice; name each column once");
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
    int plain = plain(file.header().size());
    return plain < 0
        ? readOn(file, before)
        : CsvRecord.plain(before + lines.number(), file, lines.number(), lines.block(), plain);
  }

  private int plain(int columns) throws SourceException {
    try {
      return lines.plainRecord(columns);
    } catch (IOException e) {
      throw unreadable(name, lines.number(), e);
    }
  }

  private CsvRecord readOn(SourceFile file, long before) throws SourceException {
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
    lines.mark();
    Joined joined = join(first);
    String wrongCount = joined.fault() == null ? wrongCount(file, joined.text()) : null;
    if (joined.fault() == null && (wrongCount == null || !hasSwallowed(file))) {
      lines.release();
      return wrongCount == null
          ? CsvRecord.of(number, file, first.number(), parse(joined.text()))
          : CsvRecord.unreadable(number, file, first.number(), joined.text(), wrongCount);
    }
    String fault = joined.fault() != null ? joined.fault() : runsOn(first) + wrongCount;
    // A stray quote only made it look as if the record went on: give up its line, and read the
    // lines behind it again, so that it costs one record and no more.
    lines.back();
    lines.release();
    return CsvRecord.unreadable(number, file, first.number(), first.text(), fault);
  }

  /**
   * A line, and where its last field's quote is open the lines up to the one that closes it.
   *
   * @param text with the line breaks as they stand in the file
   * @param fault why the text is no record; null when its quotes match
   */
  private record Joined(String text, String fault) {}

  private Joined join(Lines.Line first) throws SourceException {
    Quotes.State state = Quotes.scan(first.text(), false);
    if (state != Quotes.State.OPEN) {
      return new Joined(first.text(), fault(state, first));
    }
    StringBuilder text = new StringBuilder(first.text());
    String lineBreak = first.end();
    long length = first.length();
    while (state == Quotes.State.OPEN) {
      Lines.Line next = read();
      if (next == null) {
        return new Joined(text.toString(), "a quote opens a field that no later line closes");
      }
      length += next.length();
      if (next.tooLong() || length > MAX_RECORD_BYTES) {
        return new Joined(
            text.toString(),
            "a quote opens a field that is not closed within " + MAX_RECORD_BYTES + " bytes");
      }
      text.append(lineBreak).append(next.text());
      lineBreak = next.end();
      state = Quotes.scan(next.text(), true);
    }
    return new Joined(text.toString(), fault(state, first));
  }

  private String fault(Quotes.State state, Lines.Line first) {
    return switch (state) {
      case COMPLETE, OPEN -> null;
      case STRAY -> runsOn(first) + "a quote stands inside a field that does not start with one";
      case TRAILING -> runsOn(first) + "text follows a field's closing quote";
    };
  }

  private String runsOn(Lines.Line first) {
    return lines.number() == first.number()
        ? ""
        : "a quote opens a field that runs into line " + lines.number() + "; ";
  }

  /** Null when the record has as many fields as the header. */
  private static String wrongCount(SourceFile file, String text) {
    int found = Quotes.fields(text);
    return found == file.header().size()
        ? null
        : "expected " + file.header().size() + " fields, as in the header, found " + found;
  }

  /**
   * Whether one of the lines from the mark up to here is a record by itself: then it has been
   * swallowed by somebody else's quote.
   */
  private boolean hasSwallowed(SourceFile file) throws SourceException {
    long last = lines.number();
    boolean found = false;
    lines.back();
    while (lines.number() < last) {
      String line = read().text();
      found |= Quotes.scan(line, false) == Quotes.State.COMPLETE && wrongCount(file, line) == null;
    }
    return found;
  }

  private String[] parse(String text) {
    try {
      return parser.parseLine(text);
    } catch (IOException e) {
      throw new UncheckedIOException("reading a string", e);
    }
  }

  private Lines.Line read() throws SourceException {
    try {
      return lines.next();
    } catch (IOException e) {
      throw unreadable(name, lines.number(), e);
    }
  }

  /** How many lines were read so far. */
  long lastLine() {
    return lines.number();
  }

  private static SourceException unreadable(String name, long line, IOException e) {
    String where = line == 0 ? name : name + " behind line " + line;
    String what =
        e instanceof EOFException
            ? "the compressed file ends too early; it was not written or copied to its end"
            : "can't be read: " + e.getMessage();
    return new SourceException(where + ": " + what, e);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
