package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.WorkFolder;
import org.postgresql.PGConnection;

/** Jobs by the front door. */
@Tag("database")
class JobsTest {
  private static final TestDatabase DATABASE = TestServer.shared().database();

  @TempDir Path path;
  private WorkFolder folder;

  @BeforeEach
  void makeFolder() {
    DATABASE.emptied();
    folder = new WorkFolder(path);
  }

  private Cli.Result load(Path export, Object... args) {
    return new Arguments("jobs", export, "--create-table", "--again", "--output", "json")
        .and("--rejects", folder.file("rejects.csv"))
        .and(args)
        .run(Cli.on(DATABASE));
  }

  private Cli.Result load(String csv, Object... args) {
    return load(folder.write("jobs.csv", csv), args);
  }

  private static void assertCounts(long inserted, long existing, Cli.Result result) {
    assertEquals(0, result.status(), result::toString);
    assertEquals(inserted, result.count("inserted"), result::toString);
    assertEquals(existing, result.count("existing"), result::toString);
    assertEquals(inserted + existing, result.count("read"), result::toString);
  }

  /** A queue at work: jobs in every state, and texts of every kind. */
  private void makeQueue(String table) {
    load("func\n", "--prefix", table.replace("jobs", ""));
    DATABASE.run(
        """
        INSERT INTO %1$s (id, queue, func, kwargs, limits, meta, state, priority, attempts,
                          max_attempts, taken_by, created_at, started_at, completed_at,
                          scheduled_at, unique_key, errors)
        SELECT gen_random_uuid(), (ARRAY['default', 'mail, "urgent"', E'one\\ntwo', 'очередь'])[1 + n %% 4],
               'app.f' || n %% 7,
               jsonb_build_object('n', n, 'text', E'"quoted"\\\\ \\n 😀', 'real', 0.1 + n, 'list',
                                  '[1, null, {"a": []}]'::jsonb),
               CASE n %% 3 WHEN 0 THEN '[{"t": "memory", "v": 1024}, {"t": "time", "v": 60}]'::jsonb
                          ELSE '[]'::jsonb END,
               CASE n %% 2 WHEN 0 THEN '{}'::jsonb ELSE '{"trace": null, "": "x"}'::jsonb END,
               (ARRAY['pending', 'running', 'retrying', 'succeeded', 'failed'])[1 + n %% 5],
               n %% 9 - 4, n %% 3, 3,
               CASE n %% 5 WHEN 1 THEN 'worker-' || n %% 3 END,
               '2026-11-21 08:30:00.123456+00'::timestamptz + n * interval '1.000007 s',
               CASE WHEN n %% 5 IN (1, 2, 3, 4) THEN '2026-11-22 00:00:00+05:30'::timestamptz END,
               CASE WHEN n %% 5 IN (3, 4) THEN '2026-11-23 00:00:00.5-03:30'::timestamptz END,
               '2027-01-01 00:00:00+00'::timestamptz - n * interval '1 day',
               -- finished jobs share their keys with each other and with an active one
               CASE WHEN n %% 5 IN (3, 4) THEN 'finished' WHEN n = 0 THEN 'finished'
                    WHEN n %% 2 = 0 THEN 'ключ, "' || n || '"' END,
               CASE n %% 5 WHEN 4 THEN '[{"traceback": "File \\"a.py\\", line 1\\n  ...", "attempt": 0}]'::jsonb
                          ELSE '[]'::jsonb END
        FROM generate_series(0, 499) n
        """
            .formatted(table));
  }

  private byte[] copyOut(String table) throws SQLException, IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Connection connection = DATABASE.connect()) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut("COPY " + table + " TO STDOUT WITH (FORMAT csv, HEADER)", bytes);
    }
    return bytes.toByteArray();
  }

  private List<String> rows(String table) {
    return DATABASE.rows("SELECT t::text FROM " + table + " t ORDER BY id");
  }

  @Test
  void exportOfTheQueuesOwnTableLoadsAsItIsAndAgainAsExisting() throws Exception {
    makeQueue("a_jobs");
    Path export = Files.write(folder.file("jobs.csv"), copyOut("a_jobs"));
    assertCounts(500, 0, load(export, "--prefix", "b_", "--chunk-size", "40"));
    assertEquals(rows("a_jobs"), rows("b_jobs"));
    assertEquals(
        100, DATABASE.number("SELECT count(*) FROM b_jobs WHERE taken_by LIKE 'worker-%'"));
    assertCounts(0, 500, load(export, "--prefix", "b_", "--threads", "3"));
    assertCounts(0, 500, load(export, "--prefix", "a_"));
    assertEquals(rows("a_jobs"), rows("b_jobs"));
  }

  @Test
  void olderInstallationWithJsonColumnsTakesTheTextAsItIs() throws Exception {
    makeQueue("a_jobs");
    DATABASE.run(
        """
        ALTER TABLE a_jobs ALTER kwargs DROP DEFAULT, ALTER limits DROP DEFAULT,
          ALTER meta DROP DEFAULT, ALTER errors DROP DEFAULT;
        ALTER TABLE a_jobs ALTER kwargs TYPE json, ALTER limits TYPE json, ALTER meta TYPE json,
          ALTER errors TYPE json, ALTER kwargs SET DEFAULT '{}', ALTER limits SET DEFAULT '[]',
          ALTER meta SET DEFAULT '{}', ALTER errors SET DEFAULT '[]';
        UPDATE a_jobs SET kwargs = E'{"b" : 1,\\n "a":2.50, "b": 1e2}';
        CREATE TABLE b_jobs (LIKE a_jobs INCLUDING ALL)
        """);
    Path export = Files.write(folder.file("jobs.csv"), copyOut("a_jobs"));
    assertCounts(500, 0, load(export, "--prefix", "b_"));
    assertEquals(rows("a_jobs"), rows("b_jobs"));
    assertCounts(0, 500, load(export, "--prefix", "b_"));
    assertCounts(1, 0, load("func\napp.usual\n", "--prefix", "b_"));
    assertEquals(
        List.of("{}|[]|{}|[]"),
        DATABASE.rows("SELECT kwargs, limits, meta, errors FROM b_jobs WHERE func = 'app.usual'"));
  }

  @Test
  void exportComesByStandardInputAsWell() throws Exception {
    makeQueue("a_jobs");
    Cli.Result result =
        Cli.on(DATABASE)
            .stdin(copyOut("a_jobs"))
            .run("jobs", "-", "--prefix", "b_", "--create-table", "--output", "json");
    assertCounts(500, 0, result);
    assertEquals(rows("a_jobs"), rows("b_jobs"));
  }

  @Test
  void idsGrowInInputOrderWhateverTheLanesDo() {
    StringBuilder csv = new StringBuilder("func,unique_key,kwargs\n");
    for (int i = 0; i < 4_000; i++) {
      // Keys that sort otherwise than they come, and jobs without one among them.
      String key = i % 3 == 0 ? "" : "key-" + Integer.reverse(i);
      csv.append("f,").append(key).append(",\"{\"\"n\"\": ").append(i).append("}\"\n");
    }
    assertCounts(4_000, 0, load(csv.toString(), "--threads", "8", "--chunk-size", "50"));
    List<String> order = IntStream.range(0, 4_000).mapToObj(Integer::toString).toList();
    assertEquals(order, DATABASE.rows("SELECT kwargs ->> 'n' FROM chancy_jobs ORDER BY id"));
    // Control: ids given on arrival would have another order.
    assertNotEquals(order, DATABASE.rows("SELECT kwargs ->> 'n' FROM chancy_jobs ORDER BY ctid"));
  }

  @Test
  void idsOfALaterFileAndOfALaterRunAreLarger() {
    Path first = folder.write("first.csv", "func\nf1\nf2\n");
    Path second = folder.write("second.csv", "func\nf3\nf4\n");
    assertCounts(4, 0, load(first, second, "--threads", "4", "--chunk-size", "1"));
    assertCounts(2, 0, load(folder.write("third.csv", "func\nf5\nf6\n")));
    assertEquals(
        List.of("f1", "f2", "f3", "f4", "f5", "f6"),
        DATABASE.rows("SELECT func FROM chancy_jobs ORDER BY id"));
  }

  @Test
  void functionAloneMakesAPendingJobThatIsDueNow() {
    assertCounts(1, 0, load("func\napp.send\n"));
    assertEquals(
        List.of("default|app.send|{}|[]|{}|pending|0|0|1|~|~|~|~|[]|t|t"),
        DATABASE.rows(
            """
            SELECT queue, func, kwargs, limits, meta, state, priority, attempts, max_attempts,
                   taken_by, started_at, completed_at, unique_key, errors,
                   created_at BETWEEN now() - interval '1 min' AND now(),
                   scheduled_at BETWEEN now() - interval '1 min' AND now()
            FROM chancy_jobs
            """));
  }

  @Test
  void givenValuesArriveAsTheyAre() {
    assertCounts(
        1,
        0,
        load(
            """
            FUNC,Queue,kwargs,limits,meta,priority,max_attempts,scheduled_at,unique_key
            app.send,mail,"{""to"": 1}","[{""t"": ""time"", ""v"": 9}]","{""by"": ""me""}",-7,5,2026-12-24T18:00:00+01:00,k1
            """));
    assertEquals(
        List.of("mail|{\"to\": 1}|[{\"t\": \"time\", \"v\": 9}]|{\"by\": \"me\"}|-7|5|t|k1"),
        DATABASE.rows(
            """
            SELECT queue, kwargs, limits, meta, priority, max_attempts,
                   scheduled_at = '2026-12-24 17:00:00+00', unique_key
            FROM chancy_jobs
            """));
  }

  private static final String KEYED = "func,unique_key\nf,k1\nf,k2\n";

  @Test
  void activeJobIsExistingAndItsIdIsTheReference() {
    assertCounts(2, 0, load(KEYED));
    for (String state : List.of("pending", "running", "retrying")) {
      DATABASE.run("UPDATE chancy_jobs SET state = '" + state + "' WHERE unique_key = 'k1'");
      assertCounts(0, 2, load(KEYED, "--outcomes", folder.file("outcomes.csv")));
      String id = DATABASE.rows("SELECT id FROM chancy_jobs WHERE unique_key = 'k1'").get(0);
      assertEquals(
          folder.file("jobs.csv") + ",2,k1," + id + ",existing,",
          folder.lines("outcomes.csv").get(1),
          state);
    }
  }

  @Test
  void keyOfAFinishedJobIsFreeAgain() {
    assertCounts(2, 0, load(KEYED));
    for (String state : List.of("succeeded", "failed")) {
      DATABASE.run("UPDATE chancy_jobs SET state = '" + state + "' WHERE unique_key = 'k1'");
      assertCounts(1, 1, load(KEYED));
    }
    assertEquals(
        List.of("k1|failed|2", "k1|pending|1", "k2|pending|1"),
        DATABASE.rows(
            """
            SELECT unique_key, max(state), count(*) FROM chancy_jobs
            GROUP BY unique_key, state = 'pending' ORDER BY 1, 2
            """));
  }

  @Test
  void finishedJobOfAnExportCollidesWithNothing() {
    String csv = "func,unique_key,state\nf,k,succeeded\nf,k,pending\nf,k,failed\nf,k,succeeded\n";
    assertCounts(4, 0, load(csv));
    // Without ids of their own nobody can tell them from new ones; the active one is known.
    assertCounts(3, 1, load(csv));
  }

  @Test
  void jobWithoutKeyIsPushedEachTime() {
    assertCounts(2, 0, load("func\nf\nf\n"));
    assertCounts(2, 0, load("func\nf\nf\n"));
  }

  @Test
  void valuesThatOnlyTheServerRefusesAreRejectsAndTheRestLoads() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    // too long for a page of an index, and not to be compressed
    String key =
        IntStream.range(0, 3_000)
            .mapToObj(i -> Integer.toHexString(i * i * 31))
            .reduce("", String::concat);
    StringBuilder csv = new StringBuilder("func,kwargs,unique_key\n");
    for (int i = 0; i < 40; i++) {
      csv.append("f,{},good-").append(i).append('\n');
      switch (i) {
        case 3 -> csv.append("f,\"{\"\"a\"\": 1e400000}\",number\n");
        case 13 -> csv.append("f,\"{\"\"a\"\": ").append(deep).append("}\",depth\n");
        case 23 -> csv.append("f,{},").append(key).append('\n');
        default -> {}
      }
    }
    Cli.Result result = load(csv.toString(), "--threads", "2");
    assertEquals(3, result.status(), result::toString);
    assertEquals(40, result.count("inserted"), result::toString);
    assertEquals(3, result.count("rejected"), result::toString);
    assertEquals(40, DATABASE.number("SELECT count(*) FROM chancy_jobs"));
    List<String> rejects = folder.lines("rejects.csv");
    assertEquals("func,kwargs,unique_key,reject_file,reject_line,reject_reason", rejects.get(0));
    assertTrue(rejects.get(1).endsWith(",6,22003: value overflows numeric format"), rejects.get(1));
    assertTrue(rejects.get(2).contains(",17,\"54001: stack depth limit exceeded; "), "line 17");
    assertTrue(
        rejects.get(3).matches(".*,28,\"?54000: index row (size|requires) .*"),
        () -> rejects.get(3).substring(rejects.get(3).length() - 200));
  }

  @Test
  void recordsThatTheChecksRefuseAreRejectsWithTheirReasons() {
    Cli.Result result =
        load(
            """
            func,kwargs,limits,priority,state,scheduled_at,id
            good,,,,,,
            ,,,,,,
            f,[],,,,,
            f,,"[{""t"": ""disk"", ""v"": 1}]",,,,
            f,,,high,,,
            f,,,,done,,
            f,,,,,soon,
            f,,,,,,7
            f,"{""a"": ""\\u0000""}",,,,,
            f,{},,,,,,more
            """,
            "--progress",
            "none");
    assertEquals(3, result.status(), result::toString);
    assertEquals(1, result.count("inserted"), result::toString);
    assertEquals(9, result.count("rejected"), result::toString);
    assertEquals("", result.err());
    String file = folder.file("jobs.csv").toString();
    assertEquals(
        List.of(
            "func,kwargs,limits,priority,state,scheduled_at,id,reject_file,reject_line,reject_reason",
            ",,,,,,," + file + ",3,func is empty; expected the name of the function to call",
            "f,[],,,,,," + file + ",4,\"kwargs \"\"[]\"\" is not a JSON object\"",
            "f,,\"[{\"\"t\"\": \"\"disk\"\", \"\"v\"\": 1}]\",,,,,"
                + file
                + ",5,\"limits \"\"[{\"\"t\"\": \"\"disk\"\", \"\"v\"\": 1}]\"\" is not a list of"
                + " limits; expected such as [{\"\"t\"\": \"\"memory\"\", \"\"v\"\": 1024}], with t"
                + " memory or time\"",
            "f,,,high,,,,"
                + file
                + ",6,\"priority \"\"high\"\" is not a whole number from -2147483648 to"
                + " 2147483647\"",
            "f,,,,done,,,"
                + file
                + ",7,\"state \"\"done\"\" is unknown; expected pending, running, retrying,"
                + " succeeded or failed\"",
            "f,,,,,soon,,"
                + file
                + ",8,\"scheduled_at \"\"soon\"\" is not a timestamp; expected date, time and"
                + " offset such as 2026-11-21 08:30:00+00\"",
            "f,,,,,,7," + file + ",9,\"id \"\"7\"\" is not a uuid\"",
            "f,\"{\"\"a\"\": \"\"\\u0000\"\"}\",,,,,,"
                + file
                + ",10,\"kwargs has \\u0000, which jsonb can't store\"",
            ",,,,,,\"f,{},,,,,,more\","
                + file
                + ",11,\"expected 7 fields, as in the header, found 8\""),
        folder.lines("rejects.csv"));
  }
}
