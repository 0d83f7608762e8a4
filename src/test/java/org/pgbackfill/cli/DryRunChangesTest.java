package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.Session;

/** A dry run foresees which rows a run would fill or overwrite, record by record. */
@Tag("database")
class DryRunChangesTest {
  private static final List<String> HEADER =
      List.of("link_id", "email_address", "name", "original_photo_url");
  private static final Map<String, String> DONE =
      Map.of("would_insert", "inserted", "would_fill", "filled", "would_overwrite", "overwritten");
  private static final String VERSIONS =
      "SELECT id, ctid, xmin, xmax FROM email_contacts ORDER BY id";

  @TempDir private Path folder;

  private Trial trialWithTable() {
    Trial trial = new Trial(folder);
    trial.database.run(Trial.CONTACTS);
    return trial;
  }

  /** Contacts that are there, with some values; null for NULL. */
  private static void there(Trial trial, Map<String, String[]> contacts) {
    try (Session session = Session.open(trial.database)) {
      contacts.forEach(
          (address, values) ->
              session.run(
                  "INSERT INTO email_contacts (id, link_id, email_address, name,"
                      + " original_photo_url) VALUES (gen_random_uuid(), ?::uuid, ?, ?, ?)",
                  Trial.LINK,
                  address,
                  values[0],
                  values[1]));
      session.commit();
    }
  }

  private static List<String> record(String address, String name, String photo) {
    return List.of(Trial.LINK, address, name, photo);
  }

  private static Cli.Result load(Trial trial, List<Path> files, String mode, Object... more) {
    List<Object> words = new ArrayList<>(List.of("contacts"));
    words.addAll(files);
    words.addAll(List.of("--on-existing", mode, "--again"));
    words.addAll(List.of("--rejects", trial.rejects, "--outcomes", trial.outcomes));
    words.addAll(List.of(more));
    return Cli.on(trial.database).json(words.toArray());
  }

  /** Foresees, runs, and compares figures and outcome files; the run's outcomes in input order. */
  private static List<String> assertForeseen(
      Trial trial, List<Path> files, String mode, Object... more) {
    Cli.Result foreseen = load(trial, files, mode, Load.with(more, "--dry-run"));
    List<Trial.Told> expected = trial.outcomes();
    Cli.Result done = load(trial, files, mode, more);
    List<Trial.Told> told = trial.outcomes();
    DryRunTest.assertForeseen(foreseen, done);
    assertEquals(told.size(), expected.size());
    for (int i = 0; i < told.size(); i++) {
      Trial.Told would = expected.get(i);
      Trial.Told did = told.get(i);
      assertFalse(DONE.containsValue(would.outcome()), would::toString);
      // The run gives a new row its id.
      String id = would.id().isEmpty() ? did.id() : would.id();
      String outcome = DONE.getOrDefault(would.outcome(), would.outcome());
      assertEquals(
          did,
          new Trial.Told(would.file(), would.line(), would.key(), id, outcome, would.detail()));
    }
    return told.stream().map(Trial.Told::outcome).toList();
  }

  private static String some(Random random) {
    return random.nextInt(3) == 0 ? "" : "v" + random.nextInt(4);
  }

  private static String nullIfEmpty(String value) {
    return value.isEmpty() ? null : value;
  }

  /**
   * Records of the addresses, every third value empty, some addresses not to be accepted. None
   * takes back all that those before it did to a row that is there: where they meet in one chunk
   * nobody has written that row, and what a later record is told depends on where chunks end.
   */
  private static List<List<String>> records(
      List<String> addresses, Map<String, String[]> there, Random random) {
    Map<String, String[]> now = new HashMap<>();
    List<List<String>> records = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String address = addresses.get(random.nextInt(addresses.size()));
      String name = some(random);
      String photo = some(random);
      String[] was = there.get(address);
      if (was != null
          && now.containsKey(address)
          && (Objects.equals(was[0], nullIfEmpty(name))
              || Objects.equals(was[1], nullIfEmpty(photo)))) {
        name = "new " + i;
        photo = "new " + i;
      }
      now.put(address, new String[] {name, photo});
      String shown = random.nextInt(4) == 0 ? address.toUpperCase(Locale.ROOT) : address;
      records.add(record(random.nextInt(50) == 0 ? "bad" : shown, name, photo));
    }
    return records;
  }

  /** Half of the keys are there, each comes some times; the second file has a column less. */
  @ParameterizedTest
  @CsvSource({
    "fill, 1, 1, 1000",
    "fill, 2, 4, 7",
    "fill, 3, 1, 20",
    "overwrite, 4, 1, 1000",
    "overwrite, 5, 4, 7",
    "overwrite, 6, 1, 20"
  })
  void whatIsForeseenIsWhatHappens(String mode, long seed, int threads, int chunkSize) {
    Trial trial = trialWithTable();
    Random random = new Random(seed);
    List<String> addresses = Keys.addresses(120, seed);
    Map<String, String[]> there = new HashMap<>();
    for (String address : addresses.subList(0, 60)) {
      there.put(address, new String[] {nullIfEmpty(some(random)), nullIfEmpty(some(random))});
    }
    there(trial, there);
    List<List<String>> records = records(addresses, there, random);
    Records first = new Records(HEADER, records.subList(0, 300));
    Records second =
        new Records(
            HEADER.subList(0, 3),
            records.subList(300, 500).stream().map(r -> r.subList(0, 3)).toList());
    List<Path> files =
        List.of(
            first.write(folder.resolve("first.csv")), second.write(folder.resolve("second.csv")));
    List<String> told =
        assertForeseen(trial, files, mode, "--threads", threads, "--chunk-size", chunkSize);
    String changed = mode.equals("fill") ? "filled" : "overwritten";
    for (String outcome : List.of("inserted", "existing", changed, "duplicate", "rejected")) {
      assertTrue(told.contains(outcome), outcome);
    }
  }

  /** More records of one key than are looked for at a time, among others. */
  @ParameterizedTest
  @ValueSource(strings = {"fill", "overwrite"})
  void aKeyWithMoreRecordsThanABatchIsFoldedWhole(String mode) {
    Trial trial = trialWithTable();
    there(trial, Map.of("b@x.org", new String[] {null, "p"}, "c@x.org", new String[] {"C", null}));
    List<List<String>> records = new ArrayList<>();
    for (int i = 0; i < 9_000; i++) {
      // Values come twice: of two neighbours one changes the row, and the other one does not.
      String value = "v" + i / 8;
      records.add(record(List.of("a", "b", "b", "c").get(i % 4) + "@x.org", value, "p"));
    }
    Path file = new Records(HEADER, records).write(folder.resolve("many.csv"));
    List<String> told =
        assertForeseen(trial, List.of(file), mode, "--threads", 4, "--chunk-size", 500);
    int changes = 0;
    for (String outcome : told) {
      changes += outcome.equals("filled") || outcome.equals("overwritten") ? 1 : 0;
    }
    assertEquals(mode.equals("fill") ? 2 : 3 * 1_125 - 1, changes);
  }

  /** Into a table that a run would make, repeats change what the first record brings. */
  @ParameterizedTest
  @ValueSource(strings = {"fill", "overwrite"})
  void repeatsAreForeseenWhereTheTableIsToBeMade(String mode) {
    Trial trial = new Trial(folder);
    Path file =
        new Records(
                HEADER,
                List.of(
                    record("a@x.org", "", "p"),
                    record("a@x.org", "A", "p"),
                    record("a@x.org", "A2", ""),
                    record("b@x.org", "", ""),
                    record("b@x.org", "", "")))
            .write(folder.resolve("new.csv"));
    List<String> told = assertForeseen(trial, List.of(file), mode, "--create-table");
    assertEquals(
        mode.equals("fill")
            ? List.of("inserted", "filled", "duplicate", "inserted", "duplicate")
            : List.of("inserted", "overwritten", "overwritten", "inserted", "duplicate"),
        told);
  }

  /** Control: each record alone, compared with the row that is there, would tell another story. */
  @ParameterizedTest
  @ValueSource(strings = {"fill", "overwrite"})
  void recordsAreNotForeseenEachForItself(String mode) {
    Trial trial = trialWithTable();
    there(trial, Map.of("a@x.org", new String[] {null, "p"}));
    List<List<String>> records =
        List.of(
            record("a@x.org", "A", "p"), record("a@x.org", "A", "p"), record("a@x.org", "", "p"));
    List<String> alone = new ArrayList<>();
    for (List<String> record : records) {
      Path file = new Records(HEADER, List.of(record)).write(folder.resolve("one.csv"));
      var unused = load(trial, List.of(file), mode, "--dry-run");
      alone.add(DONE.getOrDefault(trial.outcomes().get(0).outcome(), "existing"));
    }
    Path all = new Records(HEADER, records).write(folder.resolve("all.csv"));
    List<String> told = assertForeseen(trial, List.of(all), mode);
    String changed = mode.equals("fill") ? "filled" : "overwritten";
    assertEquals(List.of(changed, changed, "existing"), alone);
    assertEquals(List.of(changed, "duplicate", mode.equals("fill") ? "duplicate" : changed), told);
  }

  /** Rows that would change may be locked by anybody; they stay the versions that they are. */
  @ParameterizedTest
  @ValueSource(strings = {"fill", "overwrite"})
  void rowsThatWouldChangeAreNeitherLockedNorWritten(String mode) {
    Trial trial = trialWithTable();
    there(trial, Map.of("a@x.org", new String[] {null, null}));
    Path file =
        new Records(HEADER, List.of(record("a@x.org", "A", "p"))).write(folder.resolve("a.csv"));
    List<String> versions;
    String counter = mode.equals("fill") ? "would_fill" : "would_overwrite";
    try (Session holder = Session.open(trial.database)) {
      holder.run("SELECT FROM email_contacts FOR UPDATE");
      versions = trial.database.rows(VERSIONS);
      Cli.Result foreseen = load(trial, List.of(file), mode, "--dry-run");
      assertEquals(0, foreseen.status(), foreseen::toString);
      assertEquals(1, foreseen.count(counter), foreseen::toString);
    }
    assertEquals(versions, trial.database.rows(VERSIONS));
    // Control: the run writes what was foreseen.
    assertEquals(0, load(trial, List.of(file), mode).status());
    assertNotEquals(versions, trial.database.rows(VERSIONS));
  }

  @Test
  void theTextCountsChangesAndSaysWhatIsNotInTheEstimate() {
    Trial trial = trialWithTable();
    there(trial, Map.of("a@x.org", new String[] {null, null}));
    Path file =
        new Records(HEADER, List.of(record("a@x.org", "A", ""))).write(folder.resolve("a.csv"));
    Cli.Result result =
        Cli.on(trial.database)
            .run("contacts", file, "--on-existing", "overwrite", "--dry-run", "--no-ledger");
    assertEquals(0, result.status(), result::toString);
    assertTrue(result.out().contains("\n  would_overwrite          1\n"), result::toString);
    assertFalse(result.out().contains("would_fill"), result::toString);
    assertTrue(
        result.out().contains("; what changes of rows take is not in it\n"), result::toString);
  }
}
