package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.Session;
import org.postgresql.PGConnection;

/** A dry run foresees what the run does, and writes nothing. */
@Tag("database")
class DryRunTest {
  /** The counters of a dry run, and those of the run that follows. */
  private static final Map<String, String> COUNTERS =
      Map.of(
          "would_insert", "inserted",
          "would_fill", "filled",
          "would_overwrite", "overwritten",
          "existing", "existing",
          "duplicate", "duplicate",
          "rejected", "rejected");

  @TempDir private Path folder;

  static void assertForeseen(Cli.Result foreseen, Cli.Result done) {
    assertEquals(done.status(), foreseen.status(), () -> foreseen + "\n" + done);
    assertEquals(done.count("read"), foreseen.count("read"));
    COUNTERS.forEach(
        (would, did) ->
            assertEquals(done.count(did), foreseen.count(would), () -> did + foreseen + done));
    assertEquals(done.field("existence"), foreseen.field("existence"));
  }

  /** Outcome lines without ids that the run gives, and with one word for both tenses. */
  private static List<List<String>> outcomes(Path file) {
    return Trial.records(file).stream()
        .map(
            r ->
                List.of(r.get(0), r.get(1), r.get(2), r.get(4).replace("would_insert", "inserted")))
        .toList();
  }

  private List<Path> parts(Records export, Random random) throws IOException {
    int cut = random.nextInt(export.size());
    List<Path> files = new ArrayList<>();
    for (Records part : List.of(export.part(0, cut), export.part(cut, export.size()))) {
      Path file = part.write(folder.resolve("part-" + files.size() + ".csv"));
      if (random.nextBoolean()) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
          gzip.write(Files.readAllBytes(file));
        }
        file = Files.write(folder.resolve("part-" + files.size() + ".csv.gz"), bytes.toByteArray());
      }
      files.add(file);
    }
    return files;
  }

  /** With ids for some records, so that jobs are the same by them as well. */
  private static Records withIds(Records export, Random random) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < export.size(); i++) {
      ids.add(random.nextInt(3) == 0 ? "" : new UUID(random.nextLong(), i).toString());
    }
    return export.with("id", ids::get);
  }

  /** Of generated exports in many shapes. */
  @ParameterizedTest
  @EnumSource
  void whatIsForeseenIsWhatHappens(Load.Kind kind) throws IOException {
    Load load = new Load(kind, folder);
    Random random = new Random(17);
    for (int round = 0; round < 10; round++) {
      var unused = load.database.run("DELETE FROM " + load.kind.table + " WHERE random() < 0.4");
      Records export =
          Records.parse(Load.export(kind, 200 + random.nextInt(3_000), round / 2)).shuffled(round);
      int columns = export.header().size();
      // Ragged records have no place for an id: they come in the test of one file.
      export =
          new Records(
              export.header(), export.rows().stream().filter(r -> r.size() == columns).toList());
      if (random.nextInt(3) == 0) {
        export = withIds(export, random);
      }
      if (random.nextBoolean()) {
        export = export.and(export.part(0, export.size() / 3));
      }
      List<Object> words = new ArrayList<>(List.of(kind.command));
      words.addAll(parts(export, random));
      words.addAll(List.of("--threads", random.nextBoolean() ? 1 : 4, "--chunk-size", 100));
      words.addAll(List.of("--rejects", folder.resolve("rejects.csv"), "--again"));
      boolean told = random.nextBoolean();
      if (told) {
        words.addAll(List.of("--outcomes", folder.resolve("outcomes.csv")));
      }
      List<Object> dry = new ArrayList<>(words);
      dry.add("--dry-run");
      String shape = "round " + round + ": " + words;
      Cli.Result foreseen = Cli.on(load.database).json(dry.toArray());
      List<List<String>> lines = told ? outcomes(folder.resolve("outcomes.csv")) : List.of();
      List<String> rejects = Files.readAllLines(folder.resolve("rejects.csv"));
      Cli.Result done = Cli.on(load.database).json(words.toArray());
      assertForeseen(foreseen, done);
      assertTrue(done.count("inserted") > 0 && done.count("rejected") > 0, shape + done);
      assertEquals(rejects, Files.readAllLines(folder.resolve("rejects.csv")), shape);
      if (told) {
        assertEquals(outcomes(folder.resolve("outcomes.csv")), lines, shape);
      }
    }
  }

  /** Whatever the reader makes of hostile records, both make the same of it. */
  @ParameterizedTest
  @EnumSource
  void oneFileWithAllSortsOfRejects(Load.Kind kind) {
    Load load = new Load(kind, folder).generate(5_000);
    Cli.Result foreseen = load.run("--dry-run");
    List<List<String>> lines = outcomes(folder.resolve("outcomes.csv"));
    assertEquals(0, load.rows());
    assertTrue(
        Trial.records(folder.resolve("outcomes.csv")).stream()
            .noneMatch(r -> r.get(4).equals("inserted")));
    Cli.Result done = load.run();
    assertForeseen(foreseen, done);
    assertEquals(outcomes(folder.resolve("outcomes.csv")), lines);
    Cli.Result again = load.run("--again", "--dry-run");
    assertForeseen(again, load.run("--again"));
  }

  @Test
  void theServerIsToldThatNothingWillBeWritten() {
    Load load = new Load(Load.Kind.CONTACTS, folder).generate(500);
    var unused = load.run();
    String before =
        "SELECT count(*), max(xmin::text::bigint), max(xmax::text::bigint) FROM email_contacts"
            + " UNION ALL SELECT count(*), max(xmin::text::bigint), max(xmax::text::bigint)"
            + " FROM pgbackfill.run UNION ALL SELECT count(*), max(xmin::text::bigint), 0"
            + " FROM pgbackfill.mark UNION ALL SELECT count(*), 0, 0 FROM pg_class";
    List<String> was = load.database.rows(before);
    Cli.Result result = load.run("--again", "--dry-run");
    assertEquals(3, result.status(), result::toString);
    assertEquals("begin", result.field("would"));
    assertEquals(was, load.database.rows(before));
  }

  /** With neither table nor ledger, none is made. */
  @Test
  void aMissingTableAndAMissingLedgerStayMissing() {
    Trial trial = new Trial(folder);
    Path export =
        trial.file(
            "contacts.csv",
            "link_id,email_address",
            Trial.LINK + ",a@example.com",
            Trial.LINK + ",A@example.com");
    String relations = "SELECT count(*) FROM pg_class";
    long was = trial.database.number(relations);
    Cli.Result refused = Cli.on(trial.database).json("contacts", export, "--dry-run");
    assertEquals(1, refused.status(), refused::toString);
    assertTrue(refused.err().contains("no table email_contacts in database"), refused::toString);
    Cli.Result result =
        Cli.on(trial.database).json("contacts", export, "--dry-run", "--create-table");
    assertEquals(0, result.status(), result::toString);
    assertEquals("it would make the table", result.field("reason"));
    assertEquals(1, result.count("would_insert"));
    assertEquals(1, result.count("duplicate"));
    assertEquals(was, trial.database.number(relations));
  }

  @Test
  void nobodyWaitsForIt() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    var unused = load.run();
    try (Session other = Session.open(load.database)) {
      var unused2 = other.run("SELECT FROM chancy_jobs FOR UPDATE");
      Cli.Result result = load.run("--again", "--dry-run");
      assertEquals(3, result.status(), result::toString);
    }
  }

  /** The server lets a read-only transaction notify: so this is ours to leave. */
  @Test
  void workersAreNotTold() throws SQLException {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    try (Connection worker = load.database.connect();
        Statement statement = worker.createStatement()) {
      statement.execute("LISTEN chancy_events");
      for (String notify : List.of("chunk", "end")) {
        Cli.Result result = load.run("--dry-run", "--notify", notify);
        assertTrue(result.count("would_insert") > 0, result::toString);
      }
      statement.execute("SELECT");
      assertEquals(0, worker.unwrap(PGConnection.class).getNotifications().length);
      // Control: the run itself tells them.
      var unused = load.run();
      statement.execute("SELECT");
      assertTrue(worker.unwrap(PGConnection.class).getNotifications().length > 0);
    }
  }

  @Test
  void whatAnEarlierRunMeansIsTold() {
    Load load = new Load(Load.Kind.CONTACTS, folder).generate(300);
    Cli.Result done = load.run("--run", "nightly");
    assertEquals(3, done.status(), done::toString);
    Cli.Result again = load.run("--run", "nightly", "--dry-run");
    assertEquals(0, again.status(), again::toString);
    assertEquals("do_nothing", again.field("would"));
    assertEquals("nightly has succeeded already", again.field("reason"));

    load.database.run("UPDATE pgbackfill.run SET state = 'interrupted'");
    Cli.Result refused = load.run("--dry-run");
    assertEquals(1, refused.status(), refused::toString);
    assertEquals("be_refused", refused.field("would"));
    assertTrue(refused.field("reason").startsWith("run nightly of the same work was left"));
    Cli.Result resumed = load.run("--run", "nightly", "--resume", "--dry-run");
    assertEquals(3, resumed.status(), resumed::toString);
    assertEquals("resume", resumed.field("would"));

    load.database.run(
        "UPDATE pgbackfill.run SET state = 'running', holder_pid = NULL,"
            + " lease_until = now() + interval '1 hour'");
    Cli.Result busy = load.run("--run", "nightly", "--resume", "--dry-run");
    assertEquals(75, busy.status(), busy::toString);
    assertEquals("be_busy", busy.field("would"));
  }

  @Test
  void theRejectLimitIsForeseen() {
    Load load = new Load(Load.Kind.CONTACTS, folder).generate(2_000);
    Cli.Result few = load.run("--dry-run", "--max-rejects", "3");
    assertEquals(4, few.status(), few::toString);
    assertTrue(few.count("rejected") > 3, few::toString);
    assertEquals(2_000, few.count("read"));
    assertEquals(0, load.run("--dry-run", "--max-rejects", "50%").status());
    assertEquals(4, load.run("--max-rejects", "3").status());
  }

  @Test
  void anInterruptedDryRunSaysSo() {
    Load load = new Load(Load.Kind.CONTACTS, folder).generate(50);
    Cli.Result result = load.run(Cli.on(load.database).onSignals(Runnable::run), "--dry-run");
    assertEquals(5, result.status(), result::toString);
    assertEquals("unknown", result.field("would"));
  }

  @Test
  void theTextSaysWhatItIs() {
    Trial trial = new Trial(folder);
    trial.database.run(Trial.CONTACTS);
    Path export =
        trial.file(
            "contacts.csv",
            "link_id,email_address",
            Trial.LINK + ",a@example.com",
            Trial.LINK + ",bad");
    Cli.Result result =
        Cli.on(trial.database)
            .run("contacts", export, "--dry-run", "--rejects", trial.rejects, "--no-ledger");
    assertEquals(3, result.status(), result::toString);
    assertEquals(
        """
        dry run of contacts: a new run would begin
          read                     2  in TIME s
          would_insert             1
          existing                 0
          duplicate                0
          rejected                 1  see rejects.csv
          with table email_contacts, threads 4, chunk-size 50000, existence empty, lock-timeout 10s, \
        statement-timeout 120s, idle-timeout 60s, retry-time 120s, max-run-time none, max-rejects none, ledger none
          about TIME s: TIME s as measured here for reading, and 180,000 new rows a second, \
        which is a figure of performance.md and not of your server
        Nothing was written to the database. What the database itself would refuse (a foreign key, a check, an id \
        that is taken) is not foreseen.
        """,
        result.out().replace(folder + "/", "").replaceAll("[0-9]+\\.[0-9]+ s", "TIME s"));
  }
}
