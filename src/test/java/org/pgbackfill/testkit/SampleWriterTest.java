package org.pgbackfill.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class SampleWriterTest {
  private static final Path SAMPLES = Path.of("samples");

  @Test
  void theSamplesAreWhatTheWriterWrites() throws IOException {
    for (Map.Entry<String, byte[]> file : SampleWriter.files().entrySet()) {
      byte[] stored = Files.readAllBytes(SAMPLES.resolve(file.getKey()));
      byte[] written = file.getValue();
      if (file.getKey().endsWith(".gz")) {
        // Another zlib may pack the same text into other bytes.
        stored = unpack(stored);
        written = unpack(written);
      }
      assertArrayEquals(written, stored, file.getKey() + " is not what SampleWriter writes");
    }
  }

  @Test
  void thePackedSampleBearsNoTime() throws IOException {
    byte[] packed = Files.readAllBytes(SAMPLES.resolve("contacts-more.csv.gz"));
    assertArrayEquals(new byte[4], Arrays.copyOfRange(packed, 4, 8)); // MTIME of RFC 1952
  }

  @Test
  void theBadRecordsStandWhereTheReadmeSays() throws IOException {
    String readme = Files.readString(SAMPLES.resolve("README.md"));
    List<String> contacts = lines("contacts.csv");
    assertBadLine(readme, contacts, "550e8400-e29b-41d4-a716-44665544000,", "one digit short");
    assertBadLine(readme, contacts, ",,Mia Fischer", "no address");
    assertBadLine(readme, contacts, ",anna@@example.com,", "malformed address");
    assertBadLine(readme, contacts, ",Silva, Rosa", "four fields");
    assertBadLine(readme, contacts, ",\"Please call", "name of 274 characters");
    assertBadLine(readme, contacts, ",kim@example.com,\"Kim", "a quote is opened");
    List<String> jobs = lines("jobs.csv");
    assertBadLine(readme, jobs, "{'user_id': 17}", "kwargs is not JSON");
    assertBadLine(readme, jobs, ",\"[17, 18, 19]\",", "kwargs is an array");
    assertBadLine(readme, jobs, ",reports,\"{\"\"user_id\"\": 17}\",0", "func is empty");
    assertBadLine(readme, jobs, ",high,", "priority is the word");
  }

  @Test
  void theFiguresOfTheReadmeAreThoseOfTheFiles() throws IOException {
    String readme = Files.readString(SAMPLES.resolve("README.md"));
    List<String> lines = new ArrayList<>(lines("contacts.csv"));
    assertTrue(lines.removeIf(line -> line.endsWith(",\"Kim")));
    List<String[]> contacts = CsvReading.records(String.join("\n", lines));
    List<String[]> more =
        CsvReading.records(
            new String(
                unpack(Files.readAllBytes(SAMPLES.resolve("contacts-more.csv.gz"))),
                StandardCharsets.UTF_8));
    Set<String> keys = new HashSet<>();
    int good = addKeys(contacts, keys);
    int ofFirst = keys.size();
    Set<String> keysOfMore = new HashSet<>();
    int goodOfMore = addKeys(more, keysOfMore);
    keys.addAll(keysOfMore);

    assertEquals(2_999, contacts.size());
    assertEquals(2_994, good);
    assertEquals(1_500, goodOfMore);
    assertTrue(readme.contains("| 3,000 | %s | %s | 6 |".formatted(n(ofFirst), n(good - ofFirst))));
    assertTrue(
        readme.contains(
            "| 1,500 | %s, of which %s are in `contacts.csv` as well | %s | 0 |"
                .formatted(
                    n(keysOfMore.size()),
                    n(ofFirst + keysOfMore.size() - keys.size()),
                    n(goodOfMore - keysOfMore.size()))));
    assertTrue(readme.contains("give %s rows".formatted(n(keys.size()))));
  }

  private static int addKeys(List<String[]> contacts, Set<String> keys) {
    int good = 0;
    for (String[] contact : contacts) {
      boolean isGood =
          contact.length == 3
              && contact[0].length() == 36
              && !contact[1].isEmpty()
              && !contact[1].contains("@@")
              && contact[2].codePointCount(0, contact[2].length()) <= 255;
      if (isGood) {
        good++;
        keys.add(contact[0] + contact[1].strip().toLowerCase(Locale.ROOT));
      }
    }
    return good;
  }

  private static void assertBadLine(
      String readme, List<String> lines, String part, String described) {
    List<String> found = lines.stream().filter(line -> line.contains(part)).toList();
    assertEquals(1, found.size(), part);
    int line = 1 + lines.indexOf(found.get(0));
    assertTrue(readme.contains("- " + line + ": "), () -> "line " + line + " " + part);
    assertTrue(
        readme.lines().anyMatch(l -> l.startsWith("- " + line + ": ") && l.contains(described)),
        described);
  }

  private static List<String> lines(String name) throws IOException {
    return Arrays.asList(Files.readString(SAMPLES.resolve(name)).split("\n", -1));
  }

  private static byte[] unpack(byte[] packed) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return in.readAllBytes();
    }
  }

  private static String n(int number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
