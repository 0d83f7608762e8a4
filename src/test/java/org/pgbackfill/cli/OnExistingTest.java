package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Contacts that are there: filled, or overwritten, and nothing of the rest is touched. */
@Tag("database")
class OnExistingTest {
  private static final String LINK = "c0ffee00-0000-4000-8000-000000000001";
  private static final String HEADER = "link_id,email_address,name,original_photo_url\n";
  private static final String LONG_AGO = "2001-02-03 04:05:06+00";
  private static final String TABLE =
      "SELECT email_address, name, original_photo_url, sfs_photo_url, updated_at > '2020-01-01'"
          + " FROM email_contacts ORDER BY email_address COLLATE \"C\"";

  /** What tells that a row was neither locked nor written. */
  private static final String VERSIONS =
      "SELECT id, ctid, xmin, xmax FROM email_contacts ORDER BY id";

  private final TestDatabase database = TestServer.shared().database();

  @TempDir private Path folder;

  @BeforeEach
  void createTable() {
    Path header = Load.write(folder.resolve("header.csv"), HEADER);
    Cli.Result made = Cli.on(database).json("contacts", header, "--create-table", "--no-ledger");
    assertEquals(0, made.status(), made::toString);
  }

  /** A contact that is there, never updated since 2001; NULL as null. */
  private void there(String address, String name, String photo) {
    try (Session session = Session.open(database)) {
      session
          .run(
              "INSERT INTO email_contacts (id, link_id, email_address, name, original_photo_url,"
                  + " sfs_photo_url, created_at, updated_at)"
                  + " VALUES (gen_random_uuid(), ?::uuid, ?, ?, ?, 's', ?::timestamptz,"
                  + " ?::timestamptz)",
              LINK,
              address,
              name,
              photo,
              LONG_AGO,
              LONG_AGO)
          .commit();
    }
  }

  private static String record(String address, String name, String photo) {
    return String.join(",", LINK, address, name, photo) + "\n";
  }

  private Cli.Result load(String mode, String export, Object... more) {
    Path file = Load.write(folder.resolve("export.csv"), export);
    List<Object> words =
        new ArrayList<>(
            List.of("contacts", file, "--on-existing", mode, "--outcomes", outcomesFile()));
    words.addAll(List.of("--rejects", folder.resolve("rejects.csv")));
    words.addAll(List.of(more));
    return Cli.on(database).json(words.toArray());
  }

  private Path outcomesFile() {
    return folder.resolve("outcomes.csv");
  }

  private List<String> outcomes() {
    return Records.read(outcomesFile()).column("outcome");
  }

  private static void assertCounts(Cli.Result end, long... expected) {
    assertEquals(0, end.status(), end::toString);
    String[] counters = {"inserted", "existing", "filled", "overwritten", "duplicate"};
    long sum = 0;
    for (int i = 0; i < counters.length; i++) {
      assertEquals(expected[i], end.count(counters[i]), end::toString);
      sum += expected[i];
    }
    assertEquals(sum, end.count("read"), end::toString);
  }

  @Test
  void fillSetsWhatIsNullAndNothingElse() {
    there("a@x.org", null, "p");
    there("b@x.org", "B", null);
    there("c@x.org", "C", null);
    Cli.Result end =
        load(
            "fill",
            HEADER
                + record("a@x.org", "A", "q")
                + record("b@x.org", "other", "")
                + record("c@x.org", "other", "c")
                + record("d@x.org", "D", ""));
    assertCounts(end, 1, 1, 2, 0, 0);
    assertEquals(List.of("filled", "existing", "filled", "inserted"), outcomes());
    assertEquals(
        List.of("a@x.org|A|p|s|t", "b@x.org|B|~|s|f", "c@x.org|C|c|s|t", "d@x.org|D|~|~|t"),
        database.rows(TABLE));
  }

  @Test
  void overwriteMakesTheGivenColumnsAsTheExportSays() {
    there("a@x.org", "A", "p");
    there("b@x.org", "B", "p");
    there("c@x.org", "C", "p");
    Cli.Result end =
        load(
            "overwrite",
            HEADER
                + record("a@x.org", "A", "p")
                + record("b@x.org", "", "p")
                + record("c@x.org", "C2", "q")
                + record("d@x.org", "D", ""));
    assertCounts(end, 1, 1, 0, 2, 0);
    assertEquals(List.of("existing", "overwritten", "overwritten", "inserted"), outcomes());
    assertEquals(
        List.of("a@x.org|A|p|s|f", "b@x.org|~|p|s|t", "c@x.org|C2|q|s|t", "d@x.org|D|~|~|t"),
        database.rows(TABLE));
  }

  /** A contact's id, key and times stay; columns that the export does not have, too. */
  @Test
  void idKeyTimesAndOtherColumnsStay() {
    there("a@x.org", "A", "p");
    String kept =
        "SELECT id, link_id, email_address, sfs_photo_url, created_at FROM email_contacts";
    List<String> before = database.rows(kept);
    String record =
        String.join(",", Keys.uuids(1, 1).get(0).toString(), LINK, "A@X.org", "A2")
            + ",2020-01-01 00:00:00+00,2020-01-02 00:00:00+00\n";
    Cli.Result end =
        load("overwrite", "id,link_id,email_address,name,created_at,updated_at\n" + record);
    assertCounts(end, 0, 0, 0, 1, 0);
    assertEquals(before, database.rows(kept));
    assertEquals(List.of("a@x.org|A2|p|s|t"), database.rows(TABLE));
    assertEquals(
        1, database.number("SELECT count(*) FROM email_contacts WHERE updated_at > '2020-02-01'"));
  }

  @Test
  void aColumnThatMayNotBeNullIsLeftAloneByAnEmptyField() {
    there("a@x.org", "A", "p");
    var unused = database.run("ALTER TABLE email_contacts ALTER COLUMN name SET NOT NULL");
    Cli.Result end = load("overwrite", HEADER + record("a@x.org", "", "q"));
    assertCounts(end, 0, 0, 0, 1, 0);
    assertEquals(List.of("a@x.org|A|q|s|t"), database.rows(TABLE));
  }

  @Test
  void eachRecordTellsWhatItHasDone() {
    String export =
        HEADER
            + record("a@x.org", "", "")
            + record("a@x.org", "A1", "")
            + record("b@x.org", "B", "")
            + record("a@x.org", "A2", "")
            + record("b@x.org", "B2", "b")
            + record("b@x.org", "B2", "b")
            + record("a@x.org", "A2", "");
    for (Object[] at : new Object[][] {{"1", "100"}, {"1", "1"}, {"3", "2"}}) {
      String where = "at " + at[0] + " threads, " + at[1] + " records to a chunk";
      onlyOneIsThere();
      Cli.Result end = load("overwrite", export, "--threads", at[0], "--chunk-size", at[1]);
      assertEquals(
          List.of(
              "inserted",
              "overwritten",
              "existing",
              "overwritten",
              "overwritten",
              "duplicate",
              "duplicate"),
          outcomes(),
          where);
      assertCounts(end, 1, 1, 0, 3, 2);
      assertEquals(List.of("a@x.org|A2|~|~|t", "b@x.org|B2|b|s|t"), database.rows(TABLE), where);
      onlyOneIsThere();
      end = load("fill", export, "--threads", at[0], "--chunk-size", at[1]);
      assertEquals(
          List.of(
              "inserted", "filled", "existing", "duplicate", "filled", "duplicate", "duplicate"),
          outcomes(),
          where);
      assertCounts(end, 1, 1, 2, 0, 3);
      assertEquals(List.of("a@x.org|A1|~|~|t", "b@x.org|B|b|s|t"), database.rows(TABLE), where);
    }
  }

  private void onlyOneIsThere() {
    var unused = database.run("TRUNCATE email_contacts");
    there("b@x.org", "B", null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fill", "overwrite"})
  void aSecondRunLocksAndWritesNothing(String mode) {
    StringBuilder export = new StringBuilder(HEADER);
    for (int i = 0; i < 100; i++) {
      String address = "a" + i + "@x.org";
      if (i % 2 == 0) {
        there(address, i % 4 == 0 ? null : "old", null);
      }
      export.append(record(address, "new " + i, i % 3 == 0 ? "p" : ""));
    }
    Cli.Result end = load(mode, export.toString(), "--chunk-size", 30);
    assertEquals(50, end.count("inserted"), end::toString);
    assertTrue(end.count("filled") + end.count("overwritten") > 10, end::toString);
    List<String> table = database.rows(TABLE);
    // Whole in front of the next run, so that locks of this one are not taken for its own.
    var unused = database.run("VACUUM FULL email_contacts");
    List<String> versions = database.rows(VERSIONS);
    long updates = updates();

    Cli.Result again = load(mode, export.toString(), "--chunk-size", 30);
    assertCounts(again, 0, 100, 0, 0, 0);
    assertEquals(table, database.rows(TABLE));
    assertEquals(versions, database.rows(VERSIONS));
    assertEquals(updates, updates());
  }

  private long updates() {
    long unused = database.deadlocks(); // when all sessions have ended, their counts are in
    return database.number(
        "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'email_contacts'");
  }

  /** A row that stays as it is may be locked by anybody for as long as he likes. */
  @ParameterizedTest
  @ValueSource(strings = {"fill", "overwrite"})
  void aRowThatStaysIsNotWaitedFor(String mode) {
    there("a@x.org", "A", "p");
    there("b@x.org", "B", null);
    try (Session holder = Session.open(database)) {
      holder.run("SELECT FROM email_contacts WHERE email_address = 'a@x.org' FOR UPDATE");
      Cli.Result end =
          load(mode, HEADER + record("a@x.org", "A", "p") + record("b@x.org", "B", "q"));
      assertEquals(List.of("existing", mode.equals("fill") ? "filled" : "overwritten"), outcomes());
      assertEquals(0, end.count("retries"), end::toString);
    }
  }

  /** What others do between the look and the lock counts. */
  @Test
  void whatChangedUnderTheLockIsComparedAgain() {
    there("a@x.org", null, "p");
    there("b@x.org", null, "p");
    try (Session holder = Session.open(database)) {
      holder.run("UPDATE email_contacts SET name = 'live' WHERE email_address = 'a@x.org'");
      Background<Cli.Result> run =
          Background.start(
              () -> load("fill", HEADER + record("a@x.org", "A", "") + record("b@x.org", "B", "")));
      holder.awaitBlocked(1);
      holder.commit();
      assertCounts(run.join(), 0, 1, 1, 0, 0);
    }
    assertEquals(List.of("existing", "filled"), outcomes());
    assertEquals(List.of("a@x.org|live|p|s|f", "b@x.org|B|p|s|t"), database.rows(TABLE));
  }

  @Test
  void aRowThatIsGoneUnderTheLockIsInserted() {
    there("a@x.org", null, "p");
    try (Session holder = Session.open(database)) {
      holder.run("DELETE FROM email_contacts");
      Background<Cli.Result> run =
          Background.start(() -> load("overwrite", HEADER + record("a@x.org", "A", "q")));
      holder.awaitBlocked(1);
      holder.commit();
      assertCounts(run.join(), 1, 0, 0, 0, 0);
    }
    assertEquals(List.of("a@x.org|A|q|~|t"), database.rows(TABLE));
  }

  /** Alone in its chunk, or behind others of its key: these count. */
  @Test
  void aChangeThatTheDatabaseRefusesIsARejectAlone() {
    there("a@x.org", "A", null);
    there("b@x.org", "B", null);
    var unused =
        database.run("ALTER TABLE email_contacts ADD CHECK (name <> 'bad' AND name <> 'worse')");
    Cli.Result end =
        load(
            "overwrite",
            HEADER
                + record("a@x.org", "A2", "")
                + record("b@x.org", "bad", "")
                + record("a@x.org", "worse", "")
                + record("c@x.org", "C", "")
                + record("c@x.org", "C2", "")
                + record("c@x.org", "bad", ""));
    assertEquals(3, end.status(), end::toString);
    assertEquals(
        List.of("overwritten", "rejected", "rejected", "inserted", "overwritten", "rejected"),
        outcomes());
    assertEquals(
        List.of("a@x.org|A2|~|s|t", "b@x.org|B|~|s|f", "c@x.org|C2|~|~|t"), database.rows(TABLE));
  }

  @Test
  void theRightToUpdateIsAskedForOnlyWhereItIsNeeded() {
    there("a@x.org", "A", null);
    String role = "filler_" + database.name();
    var unused =
        database.run(
            "CREATE ROLE %1$s LOGIN; GRANT SELECT, INSERT ON email_contacts TO %1$s"
                .formatted(role));
    Path file = Load.write(folder.resolve("export.csv"), HEADER + record("a@x.org", "A", "p"));
    Object[] words = {"contacts", file, "--no-ledger"};
    Cli cli = Cli.on(database).with("PGUSER", role);
    assertEquals(0, cli.json(words).status());
    for (String mode : new String[] {"fill", "overwrite"}) {
      Cli.Result refused = cli.json("contacts", file, "--no-ledger", "--on-existing", mode);
      assertEquals(1, refused.status(), refused::toString);
      assertTrue(
          refused
              .err()
              .endsWith(
                  "42501: permission denied for table email_contacts; GRANT SELECT, INSERT, UPDATE"
                      + " ON public.email_contacts TO \""
                      + role
                      + "\"\n"),
          refused::toString);
    }
    var unused2 = database.run("GRANT UPDATE ON email_contacts TO " + role);
    assertEquals(
        1, cli.json("contacts", file, "--no-ledger", "--on-existing", "fill").count("filled"));
  }

  @Test
  void anExportWithNothingToChangeIsRefused() {
    Cli.Result end = load("overwrite", "link_id,email_address\n" + LINK + ",a@x.org\n");
    assertEquals(1, end.status(), end::toString);
    assertTrue(
        end.err()
            .endsWith(
                "export.csv has no column to change; expected one or more of name,"
                    + " original_photo_url, sfs_photo_url\n"),
        end::toString);
  }

  @Test
  void aRunIsResumedInItsOwnMode() {
    there("a@x.org", null, null);
    String export = HEADER + record("bad", "", "") + record("a@x.org", "A", "");
    Cli.Result stopped = load("fill", export, "--run", "n", "--max-rejects", "0");
    assertEquals(4, stopped.status(), stopped::toString);
    for (String other : new String[] {"keep", "overwrite"}) {
      Cli.Result refused = load(other, export, "--run", "n", "--resume");
      assertEquals(1, refused.status(), refused::toString);
    }
    Cli.Result end = load("fill", export, "--run", "n", "--resume");
    assertEquals(1, end.count("filled"), end::toString);
    assertEquals(List.of("rejected", "filled"), outcomes());
    assertEquals(List.of("1|0"), database.rows("SELECT filled, overwritten FROM pgbackfill.run"));
  }

  /** What an export makes of a table, by the words of the README alone. */
  private static Map<String, String[]> expected(
      Map<String, String[]> before, OnExisting mode, Records export) {
    Map<String, String[]> table = new TreeMap<>(before);
    for (List<String> record : export.rows()) {
      String[] given = {nullIfEmpty(record.get(2)), nullIfEmpty(record.get(3))};
      String[] old = table.get(record.get(1));
      if (old == null || mode == OnExisting.OVERWRITE) {
        table.put(record.get(1), given);
      } else if (mode == OnExisting.FILL) {
        table.put(
            record.get(1),
            new String[] {old[0] == null ? given[0] : old[0], old[1] == null ? given[1] : old[1]});
      }
    }
    return table;
  }

  private static String nullIfEmpty(String value) {
    return value.isEmpty() ? null : value;
  }

  /** Half of the keys are there, each key comes some times, every other value is empty. */
  @ParameterizedTest
  @CsvSource({"FILL, 1", "FILL, 2", "OVERWRITE, 3", "OVERWRITE, 4", "KEEP, 5"})
  void theTableAndTheOutcomesAreTheSameAtAnyNumberOfThreads(OnExisting mode, long seed) {
    List<String> addresses = Keys.addresses(120, seed);
    Random random = new Random(seed);
    Map<String, String[]> before = new TreeMap<>();
    for (String address : addresses.subList(0, 60)) {
      before.put(address, new String[] {value(random), value(random)});
    }
    List<List<String>> records = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      records.add(
          List.of(
              LINK,
              addresses.get(random.nextInt(addresses.size())),
              emptyIfNull(value(random)),
              emptyIfNull(value(random))));
    }
    Records export = new Records(List.of(HEADER.strip().split(",")), records);
    List<String> rows = new ArrayList<>();
    expected(before, mode, export)
        .forEach((address, v) -> rows.add(address + "|" + tilde(v[0]) + "|" + tilde(v[1])));
    List<List<String>> told = new ArrayList<>();
    for (int[] each : new int[][] {{1, 1000}, {2, 20}, {8, 7}}) {
      var unused = database.run("TRUNCATE email_contacts");
      before.forEach((address, v) -> there(address, v[0], v[1]));
      Path first = export.part(0, 200).write(folder.resolve("first.csv"));
      Path second = export.part(200, 500).write(folder.resolve("second.csv"));
      Cli.Result end =
          Cli.on(database)
              .json(
                  "contacts",
                  first,
                  second,
                  "--on-existing",
                  mode.word(),
                  "--outcomes",
                  outcomesFile(),
                  "--threads",
                  each[0],
                  "--chunk-size",
                  each[1]);
      assertEquals(0, end.status(), end::toString);
      assertEquals(
          rows.stream().sorted().toList(),
          database
              .rows("SELECT email_address, name, original_photo_url FROM email_contacts")
              .stream()
              .sorted()
              .toList());
      told.add(outcomes());
      assertEquals(told.get(0), outcomes());
    }
  }

  private static String value(Random random) {
    return random.nextBoolean() ? null : "v" + random.nextInt(4);
  }

  private static String emptyIfNull(String value) {
    return value == null ? "" : value;
  }

  private static String tilde(String value) {
    return value == null ? "~" : value;
  }
}
