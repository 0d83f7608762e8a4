package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** State changes of jobs that are there. */
@Tag("database")
class JobUpdatesTest {
  private static final List<UUID> IDS = Keys.uuids(40, 3);
  private static final String VERSIONS = "SELECT id, ctid, xmin, xmax FROM chancy_jobs ORDER BY id";

  private final TestDatabase database = TestServer.shared().database();

  @TempDir private Path folder;

  @BeforeEach
  void createTable() {
    Path header = Load.write(folder.resolve("header.csv"), "func\n");
    Cli.Result made = Cli.on(database).json("jobs", header, "--create-table", "--no-ledger");
    assertEquals(0, made.status(), made::toString);
  }

  private void job(int number, String key, String state) {
    try (Session session = Session.open(database)) {
      session
          .run(
              "INSERT INTO chancy_jobs (id, queue, func, unique_key, state)"
                  + " VALUES (?, 'default', 'app.sync', ?, ?)",
              IDS.get(number),
              key,
              state)
          .commit();
    }
  }

  private Cli.Result update(String csv, Object... more) {
    Path file = Load.write(folder.resolve("updates.csv"), csv);
    List<Object> words =
        new ArrayList<>(
            List.of(
                "job-updates",
                file,
                "--outcomes",
                folder.resolve("outcomes.csv"),
                "--rejects",
                folder.resolve("rejects.csv")));
    words.addAll(List.of(more));
    return Cli.on(database).json(words.toArray());
  }

  private List<String> outcomes() {
    return Records.read(folder.resolve("outcomes.csv")).column("outcome");
  }

  private List<String> reasons() {
    return Records.read(folder.resolve("rejects.csv")).column("reject_reason");
  }

  private List<String> jobs(String columns) {
    return database.rows(
        "SELECT %s FROM chancy_jobs ORDER BY array_position(ARRAY[%s]::uuid[], id)"
            .formatted(columns, String.join(",", IDS.stream().map(id -> "'" + id + "'").toList())));
  }

  @Test
  void byIdTheGivenColumnsChangeAndEmptyFieldsLeaveThem() {
    job(0, "a", "pending");
    job(1, null, "running");
    job(2, "c", "running");
    Cli.Result end =
        update(
            "id,unique_key,state,started_at,completed_at,attempts,max_attempts,errors,meta\n"
                + IDS.get(0)
                + ",ignored,running,2026-01-02 03:04:05+00,,1,,,\n"
                + IDS.get(1)
                + ",,failed,,2026-01-02 03:04:05+00,2,3,\"[{\"\"e\"\": 1}]\",\"{\"\"m\"\": 1}\"\n"
                + IDS.get(2)
                + ",c,running,,,0,1,[],{}\n"
                + IDS.get(3)
                + ",,failed,,,,,,\n");
    assertEquals(3, end.status(), end::toString);
    assertEquals(List.of("overwritten", "overwritten", "existing", "rejected"), outcomes());
    assertEquals(List.of("there is no job with id " + IDS.get(3)), reasons());
    assertEquals(2, end.count("overwritten"));
    assertEquals(0, end.count("inserted"));
    assertEquals(
        List.of(
            "a|running|t|~|1|1|[]|{}",
            "~|failed|~|t|2|3|[{\"e\": 1}]|{\"m\": 1}",
            "c|running|~|~|0|1|[]|{}"),
        jobs(
            "unique_key, state, started_at = '2026-01-02 03:04:05Z',"
                + " completed_at = '2026-01-02 03:04:05Z', attempts, max_attempts, errors, meta"));
  }

  @Test
  void byUniqueKeyTheActiveJobIsMeant() {
    job(0, "a", "succeeded");
    job(1, "a", "running");
    job(2, "b", "failed");
    Cli.Result end =
        update("unique_key,state\na,succeeded\nb,pending\nunknown,failed\na,failed\n,failed\n");
    assertEquals(3, end.status(), end::toString);
    assertEquals(
        List.of("overwritten", "rejected", "rejected", "rejected", "rejected"), outcomes());
    assertEquals(
        List.of(
            "there is no active job with unique_key \"b\"",
            "there is no active job with unique_key \"unknown\"",
            "there is no active job with unique_key \"a\"",
            "unique_key is empty; expected that of an active job"),
        reasons());
    assertEquals(List.of("succeeded", "succeeded", "failed"), jobs("state"));
  }

  /** The key is free when its job has finished, and taken when another one has it. */
  @Test
  void aKeyThatAnotherActiveJobHasIsARejectAlone() {
    job(0, "a", "failed");
    job(1, "a", "pending");
    job(2, "b", "failed");
    job(3, "c", "running");
    Cli.Result end =
        update(
            "id,state\n%s,pending\n%s,pending\n%s,succeeded\n"
                .formatted(IDS.get(0), IDS.get(2), IDS.get(3)));
    assertEquals(3, end.status(), end::toString);
    assertEquals(List.of("rejected", "overwritten", "overwritten"), outcomes());
    assertTrue(reasons().get(0).startsWith("23505: "), reasons()::toString);
    assertEquals(List.of("failed", "pending", "pending", "succeeded"), jobs("state"));
  }

  @Test
  void whatIsSoAlreadyIsNeitherLockedNorWritten() {
    for (int i = 0; i < 20; i++) {
      job(i, i % 2 == 0 ? "k" + i : null, "running");
    }
    StringBuilder csv = new StringBuilder("id,state,meta,scheduled_at\n");
    for (int i = 0; i < 20; i++) {
      csv.append(IDS.get(i))
          .append(",retrying,\"{\"\"b\"\": 1, \"\"a\"\": [1, 2]}\",2026-01-02T03:04:05+02:00\n");
    }
    Cli.Result first = update(csv.toString(), "--chunk-size", 7);
    assertEquals(20, first.count("overwritten"), first::toString);
    var unused = database.run("VACUUM FULL chancy_jobs");
    List<String> versions = database.rows(VERSIONS);
    Cli.Result again = update(csv.toString(), "--chunk-size", 7);
    assertEquals(0, again.status(), again::toString);
    assertEquals(20, again.count("existing"), again::toString);
    assertEquals(versions, database.rows(VERSIONS));
  }

  /** Any states in any order, every job some times: the last value of each column is what stays. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void recordsOfOneJobAreAppliedInFileOrderAtAnyNumberOfThreads(boolean byId) {
    Random random = new Random(byId ? 1 : 2);
    List<List<String>> records = new ArrayList<>();
    Map<Integer, String[]> last = new HashMap<>();
    for (int i = 0; i < 400; i++) {
      int number = random.nextInt(IDS.size());
      String state = random.nextBoolean() ? "" : random.nextBoolean() ? "running" : "retrying";
      String attempts = random.nextBoolean() ? "" : Integer.toString(random.nextInt(5));
      records.add(List.of(byId ? IDS.get(number).toString() : "k" + number, state, attempts));
      String[] values = last.computeIfAbsent(number, n -> new String[] {"pending", "0"});
      values[0] = state.isEmpty() ? values[0] : state;
      values[1] = attempts.isEmpty() ? values[1] : attempts;
    }
    Records export = new Records(List.of(byId ? "id" : "unique_key", "state", "attempts"), records);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < IDS.size(); i++) {
      expected.add(String.join("|", last.getOrDefault(i, new String[] {"pending", "0"})));
    }
    Path file = export.write(folder.resolve("export.csv"));
    List<String> told = null;
    for (int[] each : new int[][] {{1, 1000}, {2, 20}, {8, 7}}) {
      var unused = database.run("TRUNCATE chancy_jobs");
      for (int i = 0; i < IDS.size(); i++) {
        job(i, "k" + i, "pending");
      }
      Cli.Result end =
          Cli.on(database)
              .json(
                  "job-updates",
                  file,
                  "--outcomes",
                  folder.resolve("outcomes.csv"),
                  "--threads",
                  each[0],
                  "--chunk-size",
                  each[1]);
      assertEquals(0, end.status(), end::toString);
      assertEquals(expected, jobs("state, attempts"));
      told = told == null ? outcomes() : told;
      assertEquals(told, outcomes());
    }
  }

  @Test
  void aRunThatStoppedGoesOn() {
    job(0, null, "running");
    job(1, null, "running");
    String csv =
        "id,state\nno uuid,failed\n%s,failed\n%s,failed\n".formatted(IDS.get(0), IDS.get(1));
    Cli.Result stopped = update(csv, "--run", "n", "--max-rejects", "0");
    assertEquals(4, stopped.status(), stopped::toString);
    Cli.Result end = update(csv, "--run", "n", "--resume");
    assertEquals(3, end.status(), end::toString);
    assertEquals(2, end.count("overwritten"), end::toString);
    assertEquals(List.of("rejected", "overwritten", "overwritten"), outcomes());
    assertEquals(List.of("failed", "failed"), jobs("state"));
    assertEquals(
        List.of("job-updates|2"), database.rows("SELECT command, overwritten FROM pgbackfill.run"));
  }

  @Test
  void itTakesTheRightToUpdateAndNoneToInsert() {
    job(0, null, "running");
    String role = "updater_" + database.name();
    var unused =
        database.run("CREATE ROLE %1$s LOGIN; GRANT SELECT ON chancy_jobs TO %1$s".formatted(role));
    Path file = Load.write(folder.resolve("u.csv"), "id,state\n" + IDS.get(0) + ",failed\n");
    Cli cli = Cli.on(database).with("PGUSER", role);
    Cli.Result refused = cli.json("job-updates", file, "--no-ledger");
    assertEquals(1, refused.status(), refused::toString);
    assertTrue(
        refused
            .err()
            .endsWith(
                "42501: permission denied for table chancy_jobs; GRANT SELECT, UPDATE ON"
                    + " public.chancy_jobs TO \""
                    + role
                    + "\"\n"),
        refused::toString);
    var unused2 = database.run("GRANT UPDATE ON chancy_jobs TO " + role);
    assertEquals(1, cli.json("job-updates", file, "--no-ledger").count("overwritten"));
  }

  @Test
  void aHeaderThatNamesNoJobOrNothingToChangeIsRefused() {
    Cli.Result noJob = update("state\nfailed\n");
    assertEquals(1, noJob.status(), noJob::toString);
    assertTrue(
        noJob
            .err()
            .endsWith(
                "updates.csv line 1: no column unique_key; found state; name it with --map"
                    + " unique_key=HEADER, or bring the jobs' id\n"),
        noJob::toString);
    Cli.Result noChange = update("id,func\n" + IDS.get(0) + ",f\n");
    assertEquals(1, noChange.status(), noChange::toString);
    assertTrue(
        noChange
            .err()
            .endsWith(
                "updates.csv line 1: no column to change; found id, func; expected one or more of"
                    + " state, started_at, completed_at, scheduled_at, attempts, max_attempts,"
                    + " errors, meta\n"),
        noChange::toString);
  }

  /** A job that is to be tried again has no end any more. */
  @Test
  void nullIsSetByItsTextWhereTheColumnTakesIt() {
    job(0, "a", "running");
    var unused = update("id,state,completed_at\n%s,failed,2026-01-02Z\n".formatted(IDS.get(0)));
    String csv =
        "id,state,started_at,completed_at,attempts\n%1$s,retrying,,NULL,\n%1$s,,,,NULL\n%1$s,NULL,,,\n"
            .formatted(IDS.get(0));
    Cli.Result without = update(csv);
    assertEquals(List.of("rejected", "rejected", "rejected"), outcomes(), without::toString);
    Cli.Result end = update(csv, "--null", "NULL");
    assertEquals(List.of("overwritten", "rejected", "rejected"), outcomes(), end::toString);
    assertEquals(
        List.of(
            "attempts can't be NULL; only started_at, completed_at and scheduled_at can",
            "state can't be NULL; only started_at, completed_at and scheduled_at can"),
        reasons());
    assertEquals(List.of("retrying|~|0"), jobs("state, completed_at, attempts"));
    Cli.Result again = update(csv, "--null", "NULL", "--again");
    assertEquals(List.of("existing", "rejected", "rejected"), outcomes(), again::toString);
  }

  @Test
  void anEmptyTextForNullIsRefused() {
    Cli.Result refused = update("id,state\n", "--null", "");
    assertEquals(2, refused.status(), refused::toString);
    assertTrue(
        refused
            .err()
            .endsWith(
                "--null is empty, and an empty field leaves the column as it is; expected a text"
                    + " that no value has, such as --null NULL\n"),
        refused::toString);
  }

  /** Jobs there and not there, active and finished; each comes some times, as it may go on. */
  @ParameterizedTest
  @CsvSource({"true, 1, 1000", "true, 4, 7", "false, 1, 1000", "false, 4, 7"})
  void whatADryRunForeseesIsWhatHappens(boolean byId, int threads, int chunkSize) {
    Random random = new Random(chunkSize);
    List<String> states = List.of("pending", "running", "retrying", "succeeded", "failed");
    for (int i = 0; i < 30; i++) {
      job(i, "k" + i, states.get(random.nextInt(states.size())));
    }
    StringBuilder csv =
        new StringBuilder(byId ? "id,state,attempts\n" : "unique_key,state,attempts\n");
    for (int i = 0; i < 200; i++) {
      int number = random.nextInt(IDS.size());
      csv.append(byId ? IDS.get(number) : "k" + number)
          .append(',')
          .append(random.nextBoolean() ? "" : states.get(random.nextInt(byId ? 5 : 4)))
          .append(',')
          .append(random.nextInt(8) == 0 ? "bad" : "" + random.nextInt(4))
          .append('\n');
    }
    Object[] more = {"--threads", threads, "--chunk-size", chunkSize, "--run", "n"};
    List<String> versions = database.rows(VERSIONS);
    Cli.Result foreseen = update(csv.toString(), Load.with(more, "--dry-run"));
    List<String> would =
        outcomes().stream().map(o -> o.replace("would_overwrite", "overwritten")).toList();
    List<String> wouldReasons = reasons();
    assertEquals(versions, database.rows(VERSIONS));
    Cli.Result done = update(csv.toString(), more);
    DryRunTest.assertForeseen(foreseen, done);
    assertEquals(outcomes(), would);
    assertEquals(reasons(), wouldReasons);
    for (String outcome : List.of("existing", "overwritten", "duplicate", "rejected")) {
      assertTrue(would.contains(outcome), outcome);
    }
  }

  @Test
  void badValuesAreRejectsOfTheChecks() {
    job(0, null, "running");
    Cli.Result end =
        update("id,state,attempts\n%1$s,done,\n%1$s,,many\n%1$s,,1\n".formatted(IDS.get(0)));
    assertEquals(List.of("rejected", "rejected", "overwritten"), outcomes(), end::toString);
  }
}
