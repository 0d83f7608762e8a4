package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.Target;

/** The first records are read before anybody asks, and no record comes twice or not at all. */
class RecordsTest {
  private static final int RECORDS = 6_000;

  @TempDir Path folder;

  private final Stop stop = new Stop();

  private static String csv() {
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int i = 0; i < RECORDS; i++) {
      csv.append("7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f,ann").append(i).append("@example.com\n");
    }
    return csv.toString();
  }

  private CsvSource open(Path file) throws SourceException {
    return CsvSource.open(List.of(file.toString()), InputStream.nullInputStream());
  }

  private CsvSource file() throws IOException, SourceException {
    return open(Files.writeString(folder.resolve("contacts.csv"), csv()));
  }

  private Records records(CsvSource source, int most) {
    Target target = new ContactsTarget("contacts", source.files(), Map.of(), null);
    return new Records(source, target, number -> null, most, stop);
  }

  private static List<Long> numbers(Records records) throws SourceException {
    List<Long> numbers = new ArrayList<>();
    for (Checked checked = records.next(); checked != null; checked = records.next()) {
      numbers.add(checked.record().number());
    }
    return numbers;
  }

  private static List<Long> allNumbers() {
    return IntStream.range(0, RECORDS).mapToObj(i -> i + 2L).toList();
  }

  private static void awaitRead(CsvSource source, long bytes) throws InterruptedException {
    for (int i = 0; i < 1_000 && source.bytesRead() < bytes; i++) {
      Thread.sleep(10);
    }
  }

  private static boolean isReading() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("first-records"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, RECORDS - 1, RECORDS, RECORDS + 1})
  void eachComesOnceInTheOrderOfTheFile(int most) throws Exception {
    try (CsvSource source = file();
        Records records = records(source, most)) {
      awaitRead(source, 1);
      assertEquals(allNumbers(), numbers(records));
      assertNull(records.next());
    }
  }

  @Test
  void theFirstOnesAreReadBeforeTheyAreAskedForAndNoMore() throws Exception {
    try (CsvSource source = file()) {
      try (Records unasked = records(source, 10)) {
        for (int i = 0; i < 1_000 && isReading(); i++) {
          Thread.sleep(10);
        }
      }
      assertEquals(12, source.next().number(), "ten and the header were read");
    }
  }

  /** The control is above: where ten are wanted, ten are read. */
  @Test
  void whereNoneIsWantedBeforeNoneIsRead() throws Exception {
    try (CsvSource source = file();
        Records records = records(source, 0)) {
      assertEquals(2, source.next().number(), "nothing but the header was read");
      assertEquals(allNumbers().subList(1, RECORDS), numbers(records));
    }
  }

  @Test
  void whatCanBeReadOnceWaitsForTheFirstQuestion() throws Exception {
    InputStream stdin = new ByteArrayInputStream(csv().getBytes(StandardCharsets.UTF_8));
    try (CsvSource source = CsvSource.open(List.of("-"), stdin);
        Records records = records(source, 10)) {
      long header = source.bytesRead();
      Thread.sleep(100);
      assertEquals(header, source.bytesRead());
      assertThrows(IllegalStateException.class, records::checksumSoFar, "nothing was read");
      assertEquals(allNumbers(), numbers(records));
    }
  }

  /** The file breaks off in what is read before, or behind it. */
  @ParameterizedTest
  @ValueSource(ints = {10, RECORDS})
  void aFileThatBreaksOffSaysSoBehindItsLastRecord(int most) throws Exception {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(csv().getBytes(StandardCharsets.UTF_8));
    }
    byte[] half = Arrays.copyOf(zipped.toByteArray(), zipped.size() / 2);
    try (CsvSource source = open(Files.write(folder.resolve("contacts.csv.gz"), half));
        Records records = records(source, most)) {
      List<Long> numbers = new ArrayList<>();
      SourceException broken =
          assertThrows(
              SourceException.class,
              () -> {
                for (Checked c = records.next(); c != null; c = records.next()) {
                  numbers.add(c.record().number());
                }
              });
      assertTrue(broken.getMessage().contains("ends too early"), broken::getMessage);
      assertTrue(numbers.size() > 100, () -> numbers.size() + " were whole");
      assertEquals(allNumbers().subList(0, numbers.size()), numbers);
    }
  }
}
