package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/** However a run finds out what exists, it comes to the same. */
@Tag("database")
class ExistenceTest {
  private static final int RECORDS = 20_000;

  private final TestDatabase database = TestServer.shared().database();

  @TempDir private Path folder;

  private Cli.Result load(String csv, Object... more) {
    Object[] args = new Object[more.length + 5];
    System.arraycopy(
        new Object[] {"contacts", "-", "--create-table", "--threads", "3"}, 0, args, 0, 5);
    System.arraycopy(more, 0, args, 5, more.length);
    return Cli.on(database).stdin(csv.getBytes(StandardCharsets.UTF_8)).json(args);
  }

  /** Contacts of some links, from one number to another, in random order; each tenth one twice. */
  private static String contacts(int from, int to) {
    StringBuilder csv = new StringBuilder("link_id,email_address,name\n");
    Random random = new Random(9);
    for (int i = 0; i < RECORDS; i++) {
      int n = from + random.nextInt(to - from);
      csv.append("c0ffee00-0000-4000-8000-0000000000%02d,a%d@example.com,n\n".formatted(n % 50, n));
    }
    return csv.toString();
  }

  private static void assertSame(Cli.Result expected, Cli.Result found) {
    for (String counter : new String[] {"read", "inserted", "existing", "duplicate", "rejected"}) {
      assertEquals(expected.count(counter), found.count(counter), () -> counter + "\n" + found);
    }
  }

  @Test
  void intoAnEmptyTableNothingIsAskedFor() {
    Cli.Result first = load(contacts(0, RECORDS));
    assertEquals("empty", first.field("existence"));
    long distinct = contacts(0, RECORDS).lines().skip(1).distinct().count();
    assertEquals(distinct, first.count("inserted"), first::toString);
    assertEquals(RECORDS - distinct, first.count("duplicate"));
    assertEquals(distinct, database.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void keysThatAreReadOnceTellWhatAskingForEachDoes() {
    String before = contacts(0, RECORDS);
    String then = contacts(RECORDS / 2, RECORDS * 3 / 2);
    TestDatabase asked = TestServer.shared().database();
    var unused = load(before);
    var unused2 =
        Cli.on(asked)
            .stdin(before.getBytes(StandardCharsets.UTF_8))
            .json("contacts", "-", "--create-table");
    Cli.Result known = load(then);
    assertEquals("known_keys", known.field("existence"));
    // With an id in the export each key is asked for.
    Cli.Result probed =
        Cli.on(asked)
            .stdin(
                then.replace("\n", ",\n")
                    .replaceFirst(",\n", ",id\n")
                    .getBytes(StandardCharsets.UTF_8))
            .json("contacts", "-", "--create-table");
    assertEquals("probe", probed.field("existence"));
    assertSame(probed, known);
    assertEquals(
        asked.rows("SELECT link_id, email_address FROM email_contacts ORDER BY 1, 2"),
        database.rows("SELECT link_id, email_address FROM email_contacts ORDER BY 1, 2"));
  }

  /** Active keys are there; a finished job's key is free, and a job without one is always new. */
  @Test
  void jobsKeysThatAreReadOnceTellWhatAskingForEachDoes() {
    String before = jobs(0, RECORDS);
    String then = jobs(RECORDS / 2, RECORDS * 3 / 2);
    TestDatabase asked = TestServer.shared().database();
    for (TestDatabase one : List.of(database, asked)) {
      Cli.Result first =
          Cli.on(one)
              .stdin(before.getBytes(StandardCharsets.UTF_8))
              .json("jobs", "-", "--create-table");
      assertEquals("empty", first.field("existence"), first::toString);
      var unused = one.run("UPDATE chancy_jobs SET state = 'succeeded' WHERE unique_key LIKE '%7'");
    }
    Cli.Result known =
        Cli.on(database).stdin(then.getBytes(StandardCharsets.UTF_8)).json("jobs", "-");
    assertEquals("known_keys", known.field("existence"), known::toString);
    // With an id in the export each key is asked for.
    Cli.Result probed =
        Cli.on(asked)
            .stdin(
                then.replace("\n", ",\n")
                    .replaceFirst(",\n", ",id\n")
                    .getBytes(StandardCharsets.UTF_8))
            .json("jobs", "-");
    assertEquals("probe", probed.field("existence"));
    assertSame(probed, known);
    assertTrue(known.count("existing") > 1000 && known.count("duplicate") > 1000, known::toString);
    String table = "SELECT func, unique_key, state FROM chancy_jobs ORDER BY 1, 2, 3";
    assertEquals(asked.rows(table), database.rows(table));
  }

  /** Each tenth without a key, and many keys twice. */
  private static String jobs(int from, int to) {
    StringBuilder csv = new StringBuilder("func,unique_key\n");
    Random random = new Random(10);
    for (int i = 0; i < RECORDS; i++) {
      int n = from + random.nextInt(to - from);
      csv.append(n % 10 == 0 ? "f" + n + ",\n" : "f,key-" + n + "\n");
    }
    return csv.toString();
  }

  @Test
  void aTableThatIsAllThereIsNotWrittenTo() {
    var unused = load(contacts(0, RECORDS));
    long version = database.number("SELECT max(xmin::text::bigint) FROM email_contacts");
    Cli.Result again = load(contacts(0, RECORDS), "--again");
    assertEquals("known_keys", again.field("existence"));
    assertEquals(RECORDS, again.count("existing"), again::toString);
    assertEquals(version, database.number("SELECT max(xmin::text::bigint) FROM email_contacts"));
  }

  /** Of chunks that a rate makes small there would be a transaction each, which writes nothing. */
  @Test
  void atALimitedRateWhatExistsIsMarkedInLargerChunksAndAResumeGoesOnBehindThem() {
    var unused = load(contacts(0, RECORDS));
    Cli.Result stopped = stopInTheMiddle("there", contacts(0, RECORDS));
    long existing = stopped.count("existing");
    assertTrue(existing < RECORDS && existing / marks("there") > 200, stopped::toString);
    Cli.Result end = Cli.on(database).json(words("there", "--resume"));
    assertEquals(0, end.status(), end::toString);
    assertEquals(RECORDS, end.count("existing"), end::toString);
    // The control: every other one is new, and each chunk has rows and a mark.
    Cli.Result half = stopInTheMiddle("half", contacts(0, 2 * RECORDS));
    assertTrue(half.count("inserted") > 0, half::toString);
    assertTrue(
        (half.count("existing") + half.count("inserted")) / marks("half") <= 100, half::toString);
  }

  /** The reader looks up what comes as long as all of it exists; from then on the lanes do. */
  @Test
  void atALimitedRateTheSameIsFoundToExist() {
    String before = contacts(0, RECORDS);
    String then = before + contacts(RECORDS / 2, RECORDS * 3 / 2).replaceFirst(".*\n", "");
    TestDatabase free = TestServer.shared().database();
    byte[] first = before.getBytes(StandardCharsets.UTF_8);
    var unused = load(before);
    var unused2 = Cli.on(free).stdin(first).json("contacts", "-", "--create-table");
    byte[] both = then.getBytes(StandardCharsets.UTF_8);
    Cli.Result expected = Cli.on(free).stdin(both).json("contacts", "-");
    assertTrue(expected.count("inserted") > 0 && expected.count("existing") > RECORDS);
    assertSame(expected, load(then, "--max-rate", "20000"));
    assertEquals(
        free.number("SELECT count(*) FROM email_contacts"),
        database.number("SELECT count(*) FROM email_contacts"));
  }

  private Object[] words(String run, Object... more) {
    return Load.with(more, "contacts", folder.resolve(run + ".csv"), "--run", run, "--threads", 3);
  }

  private Cli.Result stopInTheMiddle(String run, String csv) {
    var unused = Load.write(folder.resolve(run + ".csv"), csv);
    Background<Cli.Result> load =
        Background.start(() -> Cli.on(database).json(words(run, "--max-rate", 4000)));
    Wait.until("some are in", () -> marks(run) > 5);
    assertEquals(0, Cli.on(database).run("stop", run).status());
    Cli.Result stopped = load.join();
    assertEquals(5, stopped.status(), stopped::toString);
    return stopped;
  }

  private long marks(String run) {
    return database.number(
        "SELECT count(*) FROM pgbackfill.mark JOIN pgbackfill.run USING (run_id) WHERE complete AND"
            + " name = '%s'".formatted(run));
  }

  /** The links have far more keys than the export has records. */
  @Test
  void keysThatAreTooManyToReadAreAskedFor() {
    database.run(
        """
        CREATE TABLE email_contacts (id uuid PRIMARY KEY, link_id uuid NOT NULL,
          email_address varchar(320) NOT NULL, UNIQUE (link_id, email_address));
        INSERT INTO email_contacts
        SELECT gen_random_uuid(), 'c0ffee00-0000-4000-8000-000000000001', 'a' || n || '@example.com'
        FROM generate_series(1, 60000) n
        """);
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int n = 50_001; n <= 70_000; n++) {
      csv.append("c0ffee00-0000-4000-8000-000000000001,a%d@example.com\n".formatted(n));
    }
    Path export = Load.write(folder.resolve("export.csv"), csv.toString());
    Cli.Result end = Cli.on(database).json("contacts", export);
    assertEquals("probe", end.field("existence"));
    assertEquals(10_000, end.count("existing"), end::toString);
    assertEquals(10_000, end.count("inserted"), end::toString);
    assertEquals(70_000, database.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void aSmallExportAsksForItsOwnKeys() {
    var unused = load(contacts(0, RECORDS));
    Path small =
        Load.write(
            folder.resolve("small.csv"),
            "link_id,email_address\nc0ffee00-0000-4000-8000-000000000001,new@example.com\n");
    Cli.Result end = Cli.on(database).json("contacts", small);
    assertEquals("probe", end.field("existence"));
    assertEquals(1, end.count("inserted"));
  }
}
