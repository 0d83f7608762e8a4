package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgbackfill.testkit.Wait;

/** One line for every record, in input order, whatever the lanes did. */
@Tag("database")
class OutcomeFileTest {
  private static final String HEADER = "link_id,email_address,name";

  private Trial trial;

  @BeforeEach
  void begin(@TempDir Path folder) {
    trial = new Trial(folder);
  }

  /** Exports by a seed, and what must become of each record. */
  private static final class Model {
    private final Map<String, String> ids = new HashMap<>();
    private final Map<String, String> first = new LinkedHashMap<>();
    private final List<String> expected = new ArrayList<>();
    private final Random random = new Random(7);

    void exists(String key, String id) {
      ids.put(key, id);
    }

    /** Some lines; keys come again and again, near and far, in other letters, among bad records. */
    List<String> lines(String file, int records) {
      List<String> lines = new ArrayList<>(List.of(HEADER));
      int line = 2;
      for (int i = 0; i < records; i++) {
        String link = random.nextBoolean() ? Trial.LINK : Trial.OTHER;
        String address = "user" + random.nextInt(200) + "@example.com";
        String place = file + ":" + line;
        if (random.nextInt(20) == 0) {
          lines.add(link + ",nobody,x");
          expected.add(place + " rejected email_address \"nobody\" is not an address");
          line++;
          continue;
        }
        boolean twoLines = random.nextInt(10) == 0;
        lines.add(
            link
                + ","
                + (random.nextBoolean() ? address : " " + address.toUpperCase(Locale.ROOT))
                + (twoLines ? ",\"two\nlines\"" : ",one line"));
        String key = link + "/" + address;
        if (ids.containsKey(key)) {
          expected.add(place + " existing");
        } else if (first.containsKey(key)) {
          expected.add(place + " duplicate as in " + first.get(key).replace(":", " line "));
        } else {
          first.put(key, place);
          expected.add(place + " inserted");
        }
        line += twoLines ? 2 : 1;
      }
      return lines;
    }
  }

  @ParameterizedTest(name = "{0} threads, chunks of {1}")
  @CsvSource({"1,5", "1,1000", "2,3", "8,7", "8,1000"})
  void everyRecordIsToldInInputOrder(int threads, int chunkSize) throws Exception {
    Model model = new Model();
    trial.database.run(Trial.CONTACTS);
    for (int i = 0; i < 40; i++) {
      String id = new UUID(0, i).toString();
      model.exists(Trial.LINK + "/user" + i + "@example.com", id);
      trial.database.run(
          "INSERT INTO email_contacts (id, link_id, email_address) VALUES ('%s', '%s', 'user%d@example.com')"
              .formatted(id, Trial.LINK, i));
    }
    Path one = trial.file("one.csv", model.lines("one.csv", 400).toArray(String[]::new));
    Path two = trial.file("two.csv", model.lines("two.csv", 300).toArray(String[]::new));

    Cli.Result result = trial.contacts(one, two, "--threads", threads, "--chunk-size", chunkSize);

    assertEquals(3, result.status(), result::toString);
    assertEquals(model.expected, trial.told());
    Map<String, String> ids = new HashMap<>();
    for (String row :
        trial.database.rows("SELECT link_id, email_address, id FROM email_contacts")) {
      String[] values = row.split("\\|", -1);
      ids.put(values[0] + "/" + values[1], values[2]);
    }
    List<String> inserted = new ArrayList<>();
    for (Trial.Told told : trial.outcomes()) {
      boolean rejected = told.outcome().equals("rejected");
      assertEquals(rejected ? "" : ids.get(told.key()), told.id(), told::toString);
      if (told.outcome().equals("inserted")) {
        inserted.add(told.id());
      }
    }
    // As text in lower case, uuids sort as their bytes do.
    assertEquals(inserted.stream().sorted().toList(), inserted);
    assertEquals(model.first.size(), inserted.size());
    assertEquals("rw-------", permissions(trial.outcomes));
  }

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void itsTextIsAsDocumented() throws Exception {
    Path export =
        trial.file("export.csv", HEADER, Trial.LINK + ",a@example.com,A", Trial.LINK + ",b,\"B,\"");
    Cli.Result result = trial.contacts(export);
    assertEquals(3, result.status(), result::toString);
    assertEquals(trial.outcomes.toString(), result.field("outcomes_file"));
    String id = trial.database.rows("SELECT id FROM email_contacts").get(0);
    assertEquals(
        "file,line,key,id,outcome,detail\n"
            + export
            + ",2,"
            + Trial.LINK
            + "/a@example.com,"
            + id
            + ",inserted,\n"
            + export
            + ",3,,,rejected,\"email_address \"\"b\"\" is not an address\"\n",
        Files.readString(trial.outcomes));
  }

  @Test
  void aRecordThatCanNotBeReadHasItsLineAsWell() {
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            Trial.LINK + ",a@example.com,\"A",
            "",
            Trial.LINK + ",b@example.com",
            Trial.LINK + ",c@example.com,C");
    Cli.Result result = trial.contacts(export, "--threads", 2);
    assertEquals(3, result.status(), result::toString);
    assertEquals(
        List.of(
            "export.csv:2 rejected a quote opens a field that no later line closes",
            "export.csv:4 rejected expected 3 fields, as in the header, found 2",
            "export.csv:5 inserted"),
        trial.told());
  }

  @Test
  void standardInputHasAName() {
    byte[] export =
        (HEADER + "\n" + Trial.LINK + ",a@example.com,A\n").getBytes(StandardCharsets.UTF_8);
    Cli.Result result =
        Cli.on(trial.database)
            .stdin(export)
            .json("contacts", "-", "--create-table", "--outcomes", trial.outcomes);
    assertEquals(0, result.status(), result::toString);
    assertEquals(List.of("stdin:2 inserted"), trial.told());
  }

  @Test
  void jobsAreToldByTheirUniqueKey() {
    Path export =
        trial.file(
            "jobs.csv", "func,unique_key", "f,one", "f,", "f,one", ",two", "f,\"t,\"\"wo\"", "f,");
    Cli.Result result = trial.jobs(export, "--threads", 2, "--chunk-size", 2);
    assertEquals(List.of(6L, 4L, 0L, 1L, 1L), Trial.counts(result), result::toString);
    assertEquals(
        List.of(
            "jobs.csv:2 inserted",
            "jobs.csv:3 inserted",
            "jobs.csv:4 duplicate as in jobs.csv line 2",
            "jobs.csv:5 rejected func is empty; expected the name of the function to call",
            "jobs.csv:6 inserted",
            "jobs.csv:7 inserted"),
        trial.told());
    assertEquals(
        List.of("one", "", "one", "", "t,\"wo", ""),
        trial.outcomes().stream().map(Trial.Told::key).toList());
    assertEquals(trial.outcomes().get(0).id(), trial.outcomes().get(2).id());
  }

  @Test
  void aSecondRunTellsTheIdsOfTheFirst() {
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            Trial.LINK + ",a@example.com,A",
            Trial.LINK + ",b@example.com,B",
            Trial.LINK + ",A@example.com,A");
    trial.contacts(export);
    List<Trial.Told> first = trial.outcomes();
    Cli.Result second = trial.contacts(export, "--threads", 1, "--chunk-size", 2);
    assertEquals(List.of(3L, 0L, 3L, 0L, 0L), Trial.counts(second), second::toString);
    assertEquals(
        List.of("export.csv:2 existing", "export.csv:3 existing", "export.csv:4 existing"),
        trial.told());
    assertEquals(
        first.stream().map(Trial.Told::id).toList(),
        trial.outcomes().stream().map(Trial.Told::id).toList());
  }

  @Test
  void whatWasReadBeforeAFileBreaksOffIsLoadedAndTold() throws Exception {
    StringBuilder text = new StringBuilder(HEADER + "\n");
    Random random = new Random(3);
    for (int i = 0; i < 6_000; i++) {
      text.append(Trial.LINK).append(",u").append(i).append("@example.com,");
      text.append(Long.toHexString(random.nextLong())).append('\n');
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(text.toString().getBytes(StandardCharsets.UTF_8));
    }
    byte[] half = Arrays.copyOf(out.toByteArray(), out.size() * 2 / 3);
    Path export = trial.bytes("export.csv.gz", half);

    Cli.Result result = trial.contacts(export);

    assertEquals(1, result.status(), result::toString);
    long read = result.count("read");
    assertTrue(read > 1_000 && read < 6_000, result::toString);
    assertEquals(read, trial.database.number("SELECT count(*) FROM email_contacts"));
    assertEquals(read, trial.told().size());
    String reason =
        export
            + " behind line "
            + (read + 1)
            + ": the compressed file ends too early; it was not written or copied to its end";
    assertEquals("failed", result.field("state"));
    assertEquals(reason, result.field("reason"));
    assertEquals("pgbackfill: " + reason + "\n", result.err());
  }

  @Test
  void aFolderThatIsNotThereIsRefusedBeforeTheFirstRecord() {
    Path export = trial.file("export.csv", HEADER, Trial.LINK + ",a@example.com,A");
    Path missing = trial.folder.resolve("missing");
    Cli.Result result = trial.contacts(export, "--outcomes", missing.resolve("outcomes.csv"));
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: --outcomes "
            + missing
            + "/outcomes.csv: can't be written: there is no folder "
            + missing
            + " to write to\n",
        result.err());
    assertEquals("contacts", result.field("command"));
    assertEquals(0, result.count("read"));
    // The ledger knows of no run that would have to be gone on with.
    assertEquals(0, trial.contacts(export).status());
  }

  @Test
  void aFullDiskEndsTheRunWithItsCounters() {
    List<String> lines = new ArrayList<>(List.of(HEADER));
    for (int i = 0; i < 30; i++) {
      lines.add(Trial.LINK + ",u" + i + "@example.com,U");
    }
    Path export = trial.file("export.csv", lines.toArray(String[]::new));
    Cli.Result result = trial.contacts(export, "--outcomes", "/dev/full");
    assertEquals(1, result.status(), result::toString);
    assertEquals(List.of(30L, 30L, 0L, 0L, 0L), Trial.counts(result), result::toString);
    assertEquals(30, trial.database.number("SELECT count(*) FROM email_contacts"));
    assertEquals(
        "--outcomes /dev/full: can't be written: No space left on device", result.field("reason"));
  }

  /** Good first, then bad records without end, until somebody ends them. */
  private static final class Endless extends InputStream {
    private final byte[] first =
        (HEADER + "\n" + Trial.LINK + ",first@example.com,F\n").getBytes(StandardCharsets.UTF_8);
    private final byte[] more = (Trial.LINK + ",nobody,N\n").getBytes(StandardCharsets.UTF_8);
    private volatile boolean ended;
    private final AtomicLong given = new AtomicLong();

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      long place = given.get() - first.length;
      if (ended && place >= 0 && place % more.length == 0) {
        return -1;
      }
      byte[] from = place < 0 ? first : more;
      int start = (int) (place < 0 ? given.get() : place % more.length);
      int count = Math.min(length, from.length - start);
      System.arraycopy(from, start, buffer, offset, count);
      given.addAndGet(count);
      return count;
    }
  }

  @Test
  void theReaderDoesNotRunAwayFromALaneThatWaits() throws Exception {
    long farAway = 20_000_000; // bytes; a reader that nothing holds up is there in no time
    trial.database.run(Trial.CONTACTS);
    Endless input = new Endless();
    Cli cli = Cli.on(trial.database).stdin(input);
    int[] status = new int[1];
    Thread run =
        new Thread(
            () ->
                status[0] =
                    cli.json(
                            "contacts",
                            "-",
                            "--threads",
                            1,
                            "--chunk-size",
                            100,
                            "--outcomes",
                            trial.outcomes,
                            "--rejects",
                            trial.rejects)
                        .status());
    try (Connection other = trial.database.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute(
          "INSERT INTO email_contacts (id, link_id, email_address) VALUES (gen_random_uuid(), '%s', 'first@example.com')"
              .formatted(Trial.LINK));
      run.start();
      Wait.until("the lane waits for the other's key", () -> waiting() > 0);
      Wait.until(
          "the reader waits as well",
          () -> run.getState() == Thread.State.TIMED_WAITING || input.given.get() > farAway);
      assertTrue(
          input.given.get() < farAway / 10, () -> "read " + input.given.get() + " bytes ahead");
      other.rollback();
    } finally {
      input.ended = true;
    }
    run.join(Duration.ofMinutes(1).toMillis());
    assertEquals(3, status[0]);
    List<String> told = trial.told();
    assertEquals("stdin:2 inserted", told.get(0));
    for (int i = 1; i < told.size(); i++) {
      assertEquals(
          "stdin:" + (i + 2) + " rejected email_address \"nobody\" is not an address", told.get(i));
    }
  }

  private long waiting() {
    return trial.database.number(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            + " WHERE NOT granted AND datname = current_database()");
  }
}
