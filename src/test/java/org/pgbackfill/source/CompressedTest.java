package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompressedTest {
  private static final String TOO_EARLY =
      "the compressed file ends too early; it was not written or copied to its end";

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] gzip(String text) {
    return gzip(Reading.utf8(text));
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static List<String> shown(byte[] bytes) throws SourceException {
    return Reading.shown(Reading.open(bytes));
  }

  @Test
  void theContentDecidesAndNotTheName(@TempDir Path folder) throws Exception {
    Path compressed = Files.write(folder.resolve("contacts.csv"), gzip("a,b\n1,2\n"));
    Path plain = Files.write(folder.resolve("contacts.csv.gz"), Reading.utf8("a,b\n3,4\n"));
    try (CsvSource source =
        CsvSource.open(
            List.of(compressed.toString(), plain.toString()), InputStream.nullInputStream())) {
      assertEquals(List.of("2 [1|2]", "2 [3|4]"), Reading.shown(source));
    }
  }

  @Test
  void standardInputMayBeCompressed() throws Exception {
    assertEquals(List.of("2 [1|2]"), shown(gzip("\uFEFFa,b\r\n1,2\r\n")));
  }

  @Test
  void membersOneBehindTheOtherAreOneFile() throws Exception {
    byte[] file = join(gzip("a,b\n1,\"2"), gzip(""), gzip("\n2\"\n3"), gzip(",4\n"));
    assertEquals(List.of("2 [1|2\n2]", "4 [3|4]"), shown(file));
  }

  @Test
  void membersAreReadToTheLastFromAPipeThatGivesByteByByte() throws Exception {
    // Where nothing is to be had for a moment, the JDK's own stream takes a member for the last.
    byte[] file = join(gzip("a,b\n1,2\n"), gzip("3,4\n"));
    InputStream slow =
        new ByteArrayInputStream(file) {
          @Override
          public synchronized int read(byte[] buffer, int offset, int length) {
            return super.read(buffer, offset, Math.min(1, length));
          }

          @Override
          public synchronized int available() {
            return 0;
          }
        };
    assertEquals(List.of("2 [1|2]", "3 [3|4]"), Reading.shown(Reading.open(slow)));
  }

  @Test
  void aFileThatBreaksOffAnywhereSaysSo() throws Exception {
    byte[] whole = gzip("a,b\n1,2\n3,4\n");
    assertEquals(List.of("2 [1|2]", "3 [3|4]"), shown(whole));
    for (int length = 2; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      SourceException e = assertThrows(SourceException.class, () -> shown(part), "" + length);
      assertEquals("stdin: " + TOO_EARLY, e.getMessage());
    }
  }

  @Test
  void whatStandsBeforeTheBreakIsDelivered() throws Exception {
    StringBuilder text = new StringBuilder("a,b\n");
    Random random = new Random(1);
    int records = 60_000;
    for (int i = 0; i < records; i++) {
      text.append(i).append(',').append(random.nextLong()).append('\n');
    }
    byte[] whole = gzip(text.toString());
    List<String> read = new ArrayList<>();
    SourceException e;
    try (CsvSource source = Reading.open(Arrays.copyOf(whole, whole.length / 2))) {
      e =
          assertThrows(
              SourceException.class,
              () -> {
                for (CsvRecord r = source.next(); r != null; r = source.next()) {
                  assertNull(r.fault());
                  assertEquals(r.line() - 2, Long.parseLong(r.field(0)));
                  read.add(r.field(0));
                }
              });
    }
    assertTrue(read.size() > records / 3 && read.size() < records * 2 / 3, "" + read.size());
    assertEquals("stdin behind line " + (read.size() + 1) + ": " + TOO_EARLY, e.getMessage());
  }

  @Test
  void damagedDataIsNotTakenForTheEnd() {
    byte[] file = gzip("a,b\n1,2\n");
    file[file.length - 8] ^= 1; // the checksum
    SourceException e = assertThrows(SourceException.class, () -> shown(file));
    assertEquals(
        "stdin: can't be read: Gzip-compressed data is corrupt (CRC32 error).", e.getMessage());
  }

  @Test
  void whatFollowsTheLastMemberIsNotPassedOver() {
    byte[] file = join(gzip("a,b\n1,2\n"), Reading.utf8("3,4\n"));
    SourceException e = assertThrows(SourceException.class, () -> shown(file));
    assertEquals("stdin: can't be read: Unexpected data after a valid .gz stream.", e.getMessage());
  }

  @Test
  void oneByteOfTwoDoesNotMakeItCompressed() throws Exception {
    assertEquals(List.of("2 [1]"), shown(Reading.utf8("\u001Fa\n1\n")));
  }
}
