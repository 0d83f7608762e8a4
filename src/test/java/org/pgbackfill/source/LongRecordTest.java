package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What is longer than the limit is refused by name, and the reading goes on behind it. The files
 * are never in memory as a whole: a reader that kept them would not get through.
 */
class LongRecordTest {
  private static final int LIMIT = CsvFile.MAX_RECORD_BYTES;
  private static final long GIGABYTE = 1L << 30;

  /** A text again and again, up to so many bytes. */
  private static final class Repeated extends InputStream {
    private final byte[] text;
    private long left;
    private int place;

    Repeated(String text, long count) {
      this.text = Reading.utf8(text.repeat(100_000 / text.length()));
      this.left = count;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      int count = (int) Math.min(Math.min(length, text.length - place), left);
      System.arraycopy(text, place, buffer, offset, count);
      place = (place + count) % text.length;
      left -= count;
      return count;
    }
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(Reading.utf8(text));
  }

  private static CsvSource open(InputStream... parts) throws SourceException {
    return Reading.open(new SequenceInputStream(Collections.enumeration(List.of(parts))));
  }

  @Test
  void aLineOfAGigabyteIsRefusedByItsLength() throws Exception {
    // More than the tests' heap.
    long length = GIGABYTE + 10;
    try (CsvSource source = open(text("a,b\n1,2\n"), new Repeated("x", length), text("\n3,4\n"))) {
      assertEquals(
          List.of(
              "2 [1|2]",
              "3 the line has "
                  + (length + 1)
                  + " bytes; expected at most 8388608; its text is not repeated here: ",
              "4 [3|4]"),
          Reading.shown(source));
    }
  }

  @Test
  void theLongestLineIsReadAndOneByteMoreIsNot() throws Exception {
    String longest = "x".repeat(LIMIT - 2);
    assertEquals(
        List.of(longest.length(), -1, -1, 1),
        lengths("a,b\n" + longest + ",\n" + longest + ",y\n" + longest + ",yy\n3,\n"));
  }

  /** The length of each record's first field; -1 where the record was refused. */
  private static List<Integer> lengths(String file) throws Exception {
    List<Integer> lengths = new ArrayList<>();
    try (CsvSource source = Reading.open(Reading.utf8(file))) {
      for (CsvRecord record : Reading.records(source)) {
        lengths.add(record.fault() == null ? record.field(0).length() : -1);
      }
    }
    return lengths;
  }

  @Test
  void theLastLineMayBeTooLongAsWell() throws Exception {
    try (CsvSource source = open(text("a,b\n1,2\n"), new Repeated("x", LIMIT + 1L))) {
      assertEquals(
          List.of(
              "2 [1|2]",
              "3 the line has 8388609 bytes; expected at most 8388608; its text is not repeated"
                  + " here: "),
          Reading.shown(source));
    }
  }

  @Test
  void aRecordOfManyLinesIsReadUpToTheLimit() throws Exception {
    String inside = "x\n".repeat(LIMIT / 2 - 4);
    assertEquals(List.of(inside.length(), 1), lengths("a,b\n\"" + inside + "\",2\n3,4\n"));
  }

  @Test
  void aQuoteThatIsNotClosedWithinTheLimitCostsItsOwnLine() throws Exception {
    String fault = "a quote opens a field that is not closed within 8388608 bytes";
    long records = 0;
    try (CsvSource source =
        open(
            text("a,b\n1,\"2\n"),
            new Repeated("x".repeat(97) + ",y\n", 30_000_000),
            text("3,\"4\"\n"))) {
      CsvRecord first = source.next();
      assertEquals(fault, first.fault());
      assertEquals(List.of("1,\"2"), first.values());
      for (CsvRecord r = source.next(); r != null; r = source.next()) {
        assertNull(r.fault());
        assertEquals(3 + records, r.line());
        records++;
      }
    }
    assertEquals(300_001, records);
  }

  @Test
  void aLongLineBehindAnOpenQuoteIsRefusedForItself() throws Exception {
    try (CsvSource source =
        open(text("a,b\n1,\"2\n"), new Repeated("x", LIMIT + 1L), text("\n3,4\n"))) {
      assertEquals(
          List.of(
              "2 a quote opens a field that is not closed within 8388608 bytes: 1,\"2",
              "3 the line has 8388610 bytes; expected at most 8388608; its text is not repeated"
                  + " here: ",
              "4 [3|4]"),
          Reading.shown(source));
    }
  }

  @Test
  void linesBehindAnOpenQuoteTakeNoMoreMemoryThanTheirBytes() throws Exception {
    long before = usedMemory();
    try (CsvSource source = open(text("a,b\n1,\"2\n"), new Repeated("\n", LIMIT))) {
      CsvRecord first = source.next();
      long after = usedMemory();
      assertEquals("a quote opens a field that is not closed within 8388608 bytes", first.fault());
      // Eight million lines: as objects they would take hundreds of megabytes.
      assertTrue(after - before < 12 * LIMIT, () -> before + " -> " + after);
      assertNull(source.next());
    }
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void aLineOfCommasWithAQuoteAtItsEndIsRefusedAtOnce() {
    String line = ",".repeat(4_000_000) + "\"\"";
    assertTimeout(
        Duration.ofSeconds(20),
        () -> {
          try (CsvSource source = Reading.open(Reading.utf8("a,b\n" + line + "\n3,4\n"))) {
            assertEquals(
                "expected 2 fields, as in the header, found 4000001", source.next().fault());
            assertEquals(List.of("3", "4"), source.next().values());
          }
        });
  }
}
