package org.pgbackfill.testkit;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.sanctionco.jmail.JMail;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.ExportGenerator.Figures;
import org.pgbackfill.testkit.ExportOptions.LineEnd;
import org.pgbackfill.testkit.ExportOptions.Order;

class ExportGeneratorTest {
  private static final ExportOptions CONTACTS = ExportOptions.of(20_000, 5).withLinks(7);
  private static final ExportOptions JOBS = ExportOptions.of(10_000, 5).withUnkeyed(25);

  /** An export and what the generator says of it. */
  private record Made(String text, Figures figures) {
    List<String[]> records() throws IOException {
      return CsvReading.records(text);
    }
  }

  private static Made contacts(ExportOptions options) throws IOException {
    StringWriter writer = new StringWriter();
    Figures figures = ExportGenerator.contacts(options, writer);
    return new Made(writer.toString(), figures);
  }

  private static Made jobs(ExportOptions options) throws IOException {
    StringWriter writer = new StringWriter();
    Figures figures = ExportGenerator.jobs(options, writer);
    return new Made(writer.toString(), figures);
  }

  @Test
  void theSameSeedGivesTheSameBytes() throws IOException {
    ExportOptions options = CONTACTS.withRepeats(5).withBad(1);
    assertEquals(contacts(options), contacts(options));
    assertEquals(jobs(options), jobs(options));
  }

  @Test
  void anotherSeedGivesOtherRecords() throws IOException {
    assertNotEquals(
        contacts(ExportOptions.of(100, 1)).text(), contacts(ExportOptions.of(100, 2)).text());
    assertNotEquals(jobs(ExportOptions.of(100, 1)).text(), jobs(ExportOptions.of(100, 2)).text());
  }

  @Test
  void everyContactHasItsOwnKey() throws IOException {
    Made made = contacts(CONTACTS);
    Set<List<String>> keys = new HashSet<>();
    for (String[] contact : made.records()) {
      keys.add(key(contact));
    }
    assertEquals(20_000, keys.size());
    assertEquals(new Figures(20_000, 20_000, 0, 0, 0), made.figures());
  }

  @Test
  void everyContactOfOneCrowdedLinkHasItsOwnKey() throws IOException {
    Set<List<String>> keys = new HashSet<>();
    for (String[] contact : contacts(ExportOptions.of(150_000, 5).withLinks(1)).records()) {
      keys.add(key(contact));
    }
    assertEquals(150_000, keys.size());
  }

  @Test
  void asManyLinksAsContactsIsAllowed() throws IOException {
    Set<String> links = new HashSet<>();
    for (String[] contact : contacts(ExportOptions.of(500, 5).withLinks(500)).records()) {
      links.add(UUID.fromString(contact[0]).toString());
    }
    assertEquals(500, links.size());
  }

  @Test
  void repeatsHaveTheKeyOfAnotherRecordAndAnotherName() throws IOException {
    Made made = contacts(CONTACTS.withRepeats(10));
    Map<List<String>, Set<String>> names = new LinkedHashMap<>();
    Set<String> spellings = new HashSet<>();
    int repeats = 0;
    for (String[] contact : made.records()) {
      Set<String> ofKey = names.computeIfAbsent(key(contact), key -> new HashSet<>());
      repeats += ofKey.isEmpty() ? 0 : 1;
      ofKey.add(contact[2]);
      spellings.add(contact[0] + contact[1]);
    }
    assertEquals(made.figures().keys(), names.size());
    assertEquals(made.figures().repeats(), repeats);
    assertEquals(2_000, repeats, 200);
    assertTrue(spellings.size() > names.size() + 500, "other letter case, blanks");

    Set<List<String>> seen = new HashSet<>();
    for (String[] contact : made.records()) {
      if (!seen.add(key(contact))) {
        assertTrue(names.get(key(contact)).size() > 1, () -> "one name only: " + contact[1]);
      }
    }
  }

  @Test
  void sortedContactsStandInTheOrderOfTheArbiterIndex() throws IOException {
    for (int links : new int[] {1, 30}) {
      ExportOptions options = ExportOptions.of(30_000, 5).withLinks(links);
      List<String> sorted = new ArrayList<>();
      for (String[] contact : contacts(options.withOrder(Order.SORTED)).records()) {
        sorted.add(String.join(" ", key(contact)));
      }
      // Ids of one length and lower case compare as text as they do as bytes.
      assertStrictlyGrows(sorted);

      List<String> random = new ArrayList<>();
      for (String[] contact : contacts(options).records()) {
        random.add(String.join(" ", key(contact)));
      }
      assertNotEquals(sorted, random);
      assertEquals(new HashSet<>(sorted), new HashSet<>(random));
    }
  }

  @Test
  void sortedJobsStandInTheOrderOfTheirUniqueKeys() throws IOException {
    List<String> keys = new ArrayList<>();
    for (String[] job : jobs(JOBS.withOrder(Order.SORTED)).records()) {
      if (!job[6].isEmpty()) {
        keys.add(job[6]);
      }
    }
    assertStrictlyGrows(keys);
  }

  @Test
  void repeatsDontBreakTheOrder() throws IOException {
    List<String> keys = new ArrayList<>();
    for (String[] contact : contacts(CONTACTS.withRepeats(20).withOrder(Order.SORTED)).records()) {
      keys.add(String.join(" ", key(contact)));
    }
    for (int i = 1; i < keys.size(); i++) {
      assertTrue(People.compareCodePoints(keys.get(i - 1), keys.get(i)) <= 0, keys.get(i));
    }
  }

  @Test
  void exportsOfOneSeedShareTheKeysOfSharedPositions() throws IOException {
    ExportOptions first = ExportOptions.of(1_000, 5).withKeys(1_600, 0).withLinks(3);
    ExportOptions second = ExportOptions.of(1_000, 5).withKeys(1_600, 600).withLinks(3);
    Map<List<String>, String> names = new LinkedHashMap<>();
    for (String[] contact : contacts(first).records()) {
      names.put(key(contact), contact[2]);
    }
    int shared = 0;
    int renamed = 0;
    for (String[] contact : contacts(second).records()) {
      String name = names.get(key(contact));
      shared += name == null ? 0 : 1;
      renamed += name == null || name.equals(contact[2]) ? 0 : 1;
    }
    assertEquals(400, shared);
    assertTrue(renamed > 40, renamed + " renamed");
  }

  @Test
  void goodContactsAreGood() throws IOException {
    for (String[] contact : contacts(CONTACTS.withRepeats(5)).records()) {
      assertEquals(3, contact.length);
      assertEquals(contact[0], UUID.fromString(contact[0]).toString());
      assertTrue(JMail.isValid(contact[1].strip()), () -> "not an address: " + contact[1]);
      assertTrue(contact[2].codePointCount(0, contact[2].length()) <= 255, contact[2]);
      assertEquals(contact[2].strip(), contact[2]);
    }
  }

  @Test
  void contactsLookLikeLife() throws IOException {
    Made made = contacts(CONTACTS);
    List<String[]> records = made.records();
    List<String> addresses = records.stream().map(contact -> contact[1]).toList();
    List<String> names = records.stream().map(contact -> contact[2]).toList();
    assertAll(
        () -> assertTrue(addresses.contains("用户@例子.公司")),
        () -> assertTrue(addresses.contains("müller@bücher.example")),
        () -> assertTrue(addresses.stream().anyMatch(address -> address.startsWith(" "))),
        () -> assertTrue(addresses.stream().anyMatch(address -> address.contains("@MAIL."))),
        () -> assertTrue(names.stream().anyMatch(String::isEmpty)),
        () -> assertTrue(names.stream().anyMatch(name -> name.contains("\n"))),
        () -> assertTrue(names.stream().anyMatch(name -> name.contains("\""))),
        () -> assertTrue(names.stream().anyMatch(name -> name.endsWith("\\"))),
        () -> assertTrue(names.stream().anyMatch(name -> name.length() > 300), "long in chars"),
        () -> assertTrue(made.text().contains(",\"\"\n"), "empty in quotes"),
        () -> assertTrue(made.text().contains(",\n"), "empty without"));
  }

  @Test
  void linksDifferInSize() throws IOException {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    for (String[] contact : contacts(ExportOptions.of(20_000, 5).withLinks(40)).records()) {
      sizes.merge(contact[0], 1, Integer::sum);
    }
    assertEquals(40, sizes.size());
    int largest = sizes.values().stream().max(Integer::compare).orElseThrow();
    int smallest = sizes.values().stream().min(Integer::compare).orElseThrow();
    assertTrue(largest > 5 * smallest, largest + " and " + smallest);
  }

  @Test
  void badContactsAreBad() throws IOException {
    Made made = contacts(CONTACTS.withBad(5));
    int bad = 0;
    for (String[] contact : made.records()) {
      bad += isGoodContact(contact) ? 0 : 1;
    }
    assertEquals(made.figures().bad(), bad);
    assertEquals(1_000, bad, 150);
  }

  @Test
  void everyKeyedJobHasItsOwnKey() throws IOException {
    Made made = jobs(JOBS.withRepeats(5).withUnkeyed(30));
    Set<String> keys = new HashSet<>();
    int unkeyed = 0;
    for (String[] job : made.records()) {
      if (job[6].isEmpty()) {
        unkeyed++;
      } else {
        keys.add(job[6]);
      }
    }
    assertEquals(made.figures().keys(), keys.size());
    assertEquals(made.figures().unkeyed(), unkeyed);
    assertEquals(10_000 - keys.size() - unkeyed, made.figures().repeats());
    assertEquals(3_000, unkeyed, 300);
  }

  @Test
  void goodJobsAreGood() throws IOException {
    for (String[] job : jobs(JOBS.withRepeats(5)).records()) {
      assertTrue(isGoodJob(job), () -> Arrays.toString(job));
    }
  }

  @Test
  void badJobsAreBad() throws IOException {
    Made made = jobs(JOBS.withBad(10));
    int bad = 0;
    for (String[] job : made.records()) {
      bad += isGoodJob(job) ? 0 : 1;
    }
    assertEquals(made.figures().bad(), bad);
    assertEquals(1_000, bad, 150);
  }

  @Test
  void allOfItCanBeBadOrWithoutKey() throws IOException {
    assertEquals(
        new Figures(50, 0, 0, 0, 50), contacts(ExportOptions.of(50, 1).withBad(100)).figures());
    assertEquals(
        new Figures(50, 0, 0, 50, 0), jobs(ExportOptions.of(50, 1).withUnkeyed(100)).figures());
    assertEquals(
        new Figures(1, 1, 0, 0, 0), contacts(ExportOptions.of(1, 1).withRepeats(100)).figures());
  }

  @Test
  void windowsLineEndsBreakRecordsAndFieldsAlike() throws IOException {
    Made windows = contacts(CONTACTS.withLineEnd(LineEnd.CRLF));
    assertFalse(windows.text().replace("\r\n", "").contains("\n"));
    assertEquals(contacts(CONTACTS).text(), windows.text().replace("\r\n", "\n"));
  }

  @Test
  void theCommandLineWritesAFile(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("contacts.csv");
    Shell shell = new Shell();
    int exitCode = shell.run("contacts --records 300 --seed 9 --repeats 4 --crlf --output " + file);
    assertEquals(0, exitCode);
    Made made = contacts(ExportOptions.of(300, 9).withRepeats(4).withLineEnd(LineEnd.CRLF));
    assertEquals(made.text(), Files.readString(file));
    assertEquals(made.figures() + System.lineSeparator(), shell.err());
  }

  @Test
  void theCommandLineWritesToStandardOutput() throws IOException {
    Shell shell = new Shell();
    assertEquals(0, shell.run("jobs --records 300 --seed 9 --unkeyed 50 --order sorted"));
    ExportOptions options = ExportOptions.of(300, 9).withUnkeyed(50).withOrder(Order.SORTED);
    assertEquals(jobs(options).text(), shell.out());
  }

  @Test
  void wrongUsageIsExplained() throws IOException {
    for (String words :
        List.of(
            "",
            "letters --records 1 --seed 1",
            "jobs --records 1",
            "jobs --records x --seed 1",
            "jobs --records 1 --seed",
            "jobs --records 1 --seed 1 --order upwards",
            "jobs --records 1 --seed 1 --nonsense",
            "jobs --records 1 --seed 1 --bad 101",
            "contacts --records 1 --seed 1 --links 2")) {
      Shell shell = new Shell();
      assertEquals(2, shell.run(words), words);
      assertTrue(shell.err().endsWith(ExportGenerator.USAGE), shell.err());
    }
  }

  @Test
  void optionsRefuseWhatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> ExportOptions.of(0, 1));
    assertThrows(IllegalArgumentException.class, () -> JOBS.withKeys(10_000, 1));
    assertThrows(IllegalArgumentException.class, () -> JOBS.withRepeats(80).withBad(10));
  }

  /** Where the generator's command line writes to. */
  private static final class Shell {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    int run(String words) throws IOException {
      List<String> args = words.isEmpty() ? List.of() : Arrays.asList(words.split(" ", -1));
      try (PrintStream stdout = new PrintStream(out, true, StandardCharsets.UTF_8);
          PrintStream stderr = new PrintStream(err, true, StandardCharsets.UTF_8)) {
        return ExportGenerator.run(args, stdout, stderr);
      }
    }

    String out() {
      return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
      return err.toString(StandardCharsets.UTF_8);
    }
  }

  private static List<String> key(String[] contact) {
    return List.of(contact[0], contact[1].strip().toLowerCase(Locale.ROOT));
  }

  private static void assertStrictlyGrows(List<String> keys) {
    for (int i = 1; i < keys.size(); i++) {
      String before = keys.get(i - 1);
      String after = keys.get(i);
      assertTrue(
          Arrays.compareUnsigned(
                  before.getBytes(StandardCharsets.UTF_8), after.getBytes(StandardCharsets.UTF_8))
              < 0,
          () -> before + " stands before " + after);
    }
  }

  private static boolean isGoodContact(String[] contact) {
    return contact.length == 3
        && contact[0].matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
        && JMail.isValid(contact[1].strip());
  }

  private static boolean isGoodJob(String[] job) throws IOException {
    if (job.length != 9 || job[0].isEmpty() || !job[3].matches("-?\\d*")) {
      return false;
    }
    if (!isJson(job[2], JsonToken.START_OBJECT)) {
      return false;
    }
    assertTrue(isJson(job[7], JsonToken.START_ARRAY), job[7]);
    assertTrue(isJson(job[8], JsonToken.START_OBJECT), job[8]);
    assertFalse(job[1].isEmpty());
    assertTrue(job[4].isEmpty() || Integer.parseInt(job[4]) >= 1, job[4]);
    if (job[5].equals("tomorrow")) {
      return false;
    }
    return job[5].isEmpty() || OffsetDateTime.parse(job[5]).getYear() > 2000;
  }

  private static boolean isJson(String text, JsonToken start) throws IOException {
    if (text.isEmpty()) {
      return true;
    }
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      if (parser.nextToken() != start) {
        return false;
      }
      parser.skipChildren();
      return parser.nextToken() == null;
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
