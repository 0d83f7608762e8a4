package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;

/** What is kept as a place tells all that the record itself told. */
class CheckedRecordsTest {
  private static final int RECORDS = 6_000;

  /** One for all, as a run has it. */
  private static final LongFunction<UUID> DERIVED = CheckedRecordsTest::derived;

  private static final String LINK = "00000000-0000-4000-8000-00000000000";
  private static final String ID = "10000000-0000-4000-8000-%012d";

  /** So much is told of a record before its values are. */
  private static final int FIELDS = 7;

  @TempDir Path folder;

  private static UUID derived(long number) {
    return new UUID(7, number);
  }

  /** Mostly plain; some with an id, on two lines, refused, or behind a blank line. */
  private Path contacts(String name, String header, int seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder csv = new StringBuilder(header).append('\n');
    boolean hasId = header.startsWith("id,");
    for (int i = 0; i < RECORDS; i++) {
      String address =
          "ann" + random.nextInt(1_000_000) + (i % 97 == 0 ? "@@" : "@") + "example.com";
      String id = hasId && i % 5 == 0 ? ID.formatted(i) : "";
      csv.append(hasId ? id + "," : "")
          .append(i % 53 == 0 ? address.toUpperCase(java.util.Locale.ROOT) : address)
          .append(',')
          .append(LINK + random.nextInt(10))
          .append(i % 31 == 0 ? ",\"Ann\nof \"\"X\"\"\"" : i % 7 == 0 ? "," : ",Änn " + i)
          .append(i % 41 == 0 ? "\n\n" : "\n");
    }
    return Files.writeString(folder.resolve(name), csv);
  }

  private Path jobs() throws IOException {
    StringBuilder csv = new StringBuilder("func,unique_key,state,kwargs,scheduled_at\n");
    for (int i = 0; i < RECORDS; i++) {
      csv.append(i % 89 == 0 ? "" : "app.f" + i)
          .append(i % 3 == 0 ? "," : ",key-" + i)
          .append(i % 4 == 0 ? ",succeeded" : i % 4 == 1 ? ",pending" : ",")
          .append(i % 5 == 0 ? ",\"{\"\"a\"\": " + i + "}\"" : ",")
          .append(i % 6 == 0 ? ",2026-11-21T08:30:00Z\n" : ",\n");
    }
    return Files.writeString(folder.resolve("jobs.csv"), csv);
  }

  /** Returns how many bytes each took. */
  private static long compare(Function<List<SourceFile>, Target> made, Path... files)
      throws SourceException {
    List<String> names = List.of(files).stream().map(Path::toString).toList();
    CheckedRecords kept = new CheckedRecords(1);
    List<Checked> given = new ArrayList<>();
    try (CsvSource source = CsvSource.open(names, InputStream.nullInputStream())) {
      Target target = made.apply(source.files());
      for (CsvRecord record = source.next(); record != null; record = source.next()) {
        given.add(target.check(record, DERIVED));
        kept.add(given.get(given.size() - 1));
      }
      assertEquals(given.size(), kept.size());
      for (int i = 0; i < given.size(); i++) {
        assertEquals(told(given.get(i), target), told(kept.get(i), target));
      }
      compareRows(kept, given, target);
    }
    assertEquals(RECORDS * files.length, given.size());
    return kept.footprint() / given.size();
  }

  /** Every second row, and those before from behind. */
  private static void compareRows(CheckedRecords kept, List<Checked> given, Target target) {
    int[] all = IntStream.range(0, given.size()).filter(i -> given.get(i) instanceof Row).toArray();
    int[] some = new int[all.length / 2];
    Arrays.setAll(some, i -> all[all.length - 1 - 2 * i]);
    Rows rows = new Rows(kept, some);
    assertEquals(some.length, rows.size());
    Row before = (Row) given.get(some[0]);
    for (int i = 0; i < some.length; i++) {
      Row row = (Row) given.get(some[i]);
      assertEquals(told(row, target), told(rows.get(i), target));
      assertEquals(told(row, target), told(rows, i, target));
      assertEquals(row.hasSameKey(before), rows.haveSameKey(i, Math.max(0, i - 1)));
      assertEquals(row.hasSameKey(row), rows.haveSameKey(i, i));
      for (int c = firstThatIsNoId(target); c < target.columns().size(); c++) {
        boolean same = Objects.equals(row.value(c), before.value(c));
        assertEquals(same, rows.haveSameValue(i, Math.max(0, i - 1), c));
      }
      before = row;
    }
    assertEquals(
        List.of(rows.number(3), rows.number(1)),
        rows.get(new int[] {3, 1}).stream().map(row -> row.record().number()).toList());
  }

  /** A contact has two ids, a job one. */
  private static int firstThatIsNoId(Target target) {
    return target instanceof JobsTarget ? 1 : 2;
  }

  /** As {@link #told(Checked, Target)}, with what the row alone can tell left to it. */
  private static List<Object> told(Rows rows, int place, Target target) {
    Row row = rows.get(place);
    List<Object> told = new ArrayList<>(told(row, target));
    told.set(0, rows.number(place));
    byte[] block = rows.block(place);
    for (int c = 0; c < target.columns().size(); c++) {
      int at = FIELDS + 3 * c;
      told.set(at + 1, rows.has(place, c));
      if (block != null) {
        int position = rows.position(place, c);
        told.set(at + 2, position);
        if (position >= 0) {
          int from = CsvRecord.start(block, rows.first(place), position);
          int to = CsvRecord.end(block, rows.first(place), position);
          told.set(at, new String(block, from, to - from, StandardCharsets.UTF_8));
        }
      }
      if (c >= firstThatIsNoId(target)) {
        assertEquals(told.get(at), String.valueOf(rows.value(place, c)));
      }
    }
    int behind = FIELDS + 3 * target.columns().size();
    told.set(behind + 2, String.valueOf(rows.link(place)));
    int from = rows.keyFrom(place);
    int length = rows.keyTo(place) - from;
    if (row.keyText() != null) {
      told.set(behind + 3, new String(rows.keyBytes(place), from, length, StandardCharsets.UTF_8));
    } else {
      assertEquals(0, length);
    }
    told.set(behind + 4, rows.keyed(place));
    return told;
  }

  private static List<Object> told(Checked checked, Target target) {
    CsvRecord record = checked.record();
    List<Object> told = new ArrayList<>();
    told.add(record.number());
    told.add(record.line());
    told.add(record.file());
    told.add(record.place());
    told.add(record.isPlain());
    told.add(record.values());
    told.add(checked.shownKey());
    assertEquals(FIELDS, told.size());
    if (checked instanceof Row row) {
      for (int c = 0; c < target.columns().size(); c++) {
        told.add(String.valueOf(row.value(c)));
        told.add(row.has(c));
        told.add(row.position(c));
      }
      told.add(row.id());
      told.add(row.idGiven());
      told.add(String.valueOf(row.link()));
      told.add(String.valueOf(row.keyText()));
      told.add(row.keyed());
      told.add(row.lane(64));
      told.add(row.identities());
    } else {
      told.add(((Reject) checked).reason());
    }
    return told;
  }

  @Test
  void contactsOfSomeFilesAreWhatTheyWere() throws IOException, SourceException {
    String plain = "email_address,link_id,name";
    long bytes =
        compare(
            files -> new ContactsTarget("c", files, Map.of(), null),
            contacts("a.csv", plain, 1),
            contacts("b.csv", "id," + plain, 2),
            contacts("c.csv", plain, 3));
    assertTrue(bytes < 200, "kept as objects: " + bytes + " bytes each");
  }

  @Test
  void contactsOfOneLinkAreWhatTheyWere() throws IOException, SourceException {
    UUID link = UUID.fromString(LINK + "1");
    Map<String, String> other = Map.of("name", "nick");
    Path file = contacts("a.csv", "email_address,other,nick", 4);
    compare(files -> new ContactsTarget("c", files, other, link), file);
  }

  @Test
  void jobsAreWhatTheyWere() throws IOException, SourceException {
    compare(files -> new JobsTarget("q_", files, Map.of()), jobs());
  }

  @Test
  void whatIsNoPlainRowIsKeptAsItIs() throws IOException, SourceException {
    Path file = Files.writeString(folder.resolve("x.csv"), "email_address,link_id\na@@b.c,x\n");
    String name = file.toString();
    try (CsvSource source = CsvSource.open(List.of(name), InputStream.nullInputStream())) {
      Target target = new ContactsTarget("c", source.files(), Map.of(), null);
      Checked reject = target.check(source.next(), DERIVED);
      CheckedRecords kept = new CheckedRecords(1);
      kept.add(reject);
      assertSame(reject, kept.get(0));
    }
  }
}
