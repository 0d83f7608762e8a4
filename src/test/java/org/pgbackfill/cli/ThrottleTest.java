package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/** A load that holds back for the live system: it says why, goes on, and loads the same. */
@Tag("database")
class ThrottleTest {
  @TempDir Path folder;

  private Load contacts() {
    return new Load(Load.Kind.CONTACTS, folder).generate(1000);
  }

  private static Background<Cli.Result> start(Load load, Cli cli, Object... more) {
    return Background.start(() -> load.run(cli, more));
  }

  /** It was held for this reason, and is complete. */
  private static void assertWhole(Load load, Cli.Result end, String reason) {
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(end.err().contains("pgbackfill: goes on; held for "), end::toString);
    assertTrue(
        end.out().matches("(?s).*\"held_seconds_by\":\\{[^}]*\"" + reason + "\":.*"),
        end::toString);
    assertTrue(Double.parseDouble(end.field("held_seconds")) > 0, end::toString);
  }

  private static void awaitHeartbeat(Load load) {
    String lease = "SELECT lease_until FROM pgbackfill.run ORDER BY run_id DESC LIMIT 1";
    for (int beats = 0; beats < 2; beats++) {
      String before = load.database.rows(lease).get(0);
      Wait.until("a heartbeat", () -> !load.database.rows(lease).get(0).equals(before));
    }
  }

  @Test
  void aFileHoldsTheLoadInTheMiddleWithoutATransactionAndWithItsHeartbeat() throws IOException {
    Load load = contacts();
    Path file = folder.resolve("hold");
    Cli cli = Cli.on(load.database);
    Background<Cli.Result> run;
    try (Gate gate = Gate.behind(300, load.kind.table, load.database)) {
      run =
          Background.start(
              () ->
                  cli.run(
                      load.words("--throttle-file", file, "--output", "json", "--progress", "plain")
                          .toArray()));
      var unused = gate.awaitSomebody();
      Files.createFile(file);
      cli.awaitSaid("pgbackfill: held: file " + file + " is there\n");
      gate.open();
    }
    Wait.until(
        "no lane is in a transaction",
        () ->
            load.database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                        + " 'pgbackfill % lane-%'")
                == 0);
    long rows = load.rows();
    assertTrue(rows >= 300 && rows < 900, () -> "it is in the middle: " + rows);
    awaitHeartbeat(load);
    cli.awaitSaid("; held: file " + file + " is there\n"); // on a status line, behind the figures
    assertEquals(rows, load.rows(), "nothing was loaded meanwhile");
    Files.delete(file);
    Cli.Result end = run.join();
    var unused = load.database.run("DROP FUNCTION gate CASCADE");
    assertWhole(load, end, "file");
  }

  @Test
  void aHeldLoadStopsAtOnceAndAtItsTime() throws IOException {
    Load load = contacts();
    Path file = Files.createFile(folder.resolve("hold"));
    Cli cli = Cli.on(load.database);
    Background<Cli.Result> run = start(load, cli, "--run", "n", "--throttle-file", file);
    cli.awaitSaid("held: file");
    cli.stop();
    Cli.Result stopped = run.join();
    assertEquals(5, stopped.status(), stopped::toString);
    Cli.Result late =
        load.run("--run", "n", "--resume", "--throttle-file", file, "--max-run-time", "3s");
    assertEquals(5, late.status(), late::toString);
    assertEquals("--max-run-time is over", late.field("reason"));
    assertEquals(0, load.rows());
    Files.delete(file);
    load.traces(load.run("--run", "n", "--resume", "--throttle-file", file))
        .assertSameAs(load.undisturbed());
  }

  @Test
  void aQueryHoldsTheLoadWhileItIsTrueAndWhileItFails() {
    Load load = contacts();
    var unused = load.database.run("CREATE TABLE busy AS SELECT true AS is_busy");
    Cli cli = Cli.on(load.database);
    Background<Cli.Result> run = start(load, cli, "--throttle-query", "SELECT is_busy FROM busy;");
    cli.awaitSaid("held: the query says so");
    var unused2 = load.database.run("ALTER TABLE busy RENAME TO gone");
    // It is held still; that it is for another reason shows in the status, not as a new hold.
    awaitHeartbeat(load);
    assertEquals(0, load.rows());
    var unused3 = load.database.run("CREATE VIEW busy AS SELECT false AS is_busy");
    assertWhole(load, run.join(), "query");
  }

  @Test
  void aQueryThatCantBeAskedIsRefusedBeforeTheRunIsBegun() {
    Load load = contacts();
    for (String query :
        new String[] {
          "SELECT nothing FROM nowhere",
          "SELECT 'many words'",
          "DELETE FROM email_contacts RETURNING true",
          "SELECT nextval('numbers') > 0",
          "SELECT true; COMMIT; DELETE FROM email_contacts"
        }) {
      var unused = load.database.run("CREATE SEQUENCE IF NOT EXISTS numbers");
      Cli.Result refused = load.run("--throttle-query", query);
      assertEquals(1, refused.status(), refused::toString);
      assertTrue(
          refused.err().startsWith("pgbackfill: --throttle-query can't be asked: "),
          refused::toString);
      assertEquals(1, refused.err().lines().count(), refused::toString);
    }
    assertEquals(0, load.rows());
    Cli.Result empty = load.run("--throttle-query", " ");
    assertEquals(2, empty.status(), empty::toString);
    assertEquals(3, load.run().status(), "no run was begun that would be in the way");
  }

  @Test
  void sessionsThatWaitBehindTheLoadHoldItUntilTheyHadTheirTurn() {
    Load load = contacts();
    Cli cli = Cli.on(load.database);
    Background<Cli.Result> run;
    Background<Boolean> waiter;
    try (Gate gate = Gate.behind(300, load.kind.table, load.database);
        Session other = Session.open(load.database)) {
      run = start(load, cli, "--threads", "1");
      var unused = gate.awaitSomebody();
      waiter =
          Background.start(
              () -> {
                var unusedLock = other.run("LOCK TABLE email_contacts IN ACCESS EXCLUSIVE MODE");
                other.commit();
                return true;
              });
      cli.awaitSaid("pgbackfill: held: lock waiters 1 > 0\n");
      gate.open();
      assertTrue(waiter.join());
    }
    Cli.Result end = run.join();
    var unused = load.database.run("DROP FUNCTION gate CASCADE");
    assertWhole(load, end, "lock_waiters");
    assertEquals(1, end.count("lock_waiters"), end::toString);
    assertTrue(Double.parseDouble(end.field("longest_lock_wait_seconds")) > 0.5, end::toString);
  }

  @Test
  void sessionsOfOthersAtWorkHoldTheLoad() {
    Load load = contacts();
    Cli cli = Cli.on(load.database);
    try (Session one = Session.open(load.database);
        Session two = Session.open(load.database)) {
      Background<String> first = Background.start(() -> one.attempt("SELECT pg_sleep(600)"));
      Background<String> second = Background.start(() -> two.attempt("SELECT pg_sleep(600)"));
      Background<Cli.Result> run = start(load, cli, "--max-active", "1");
      cli.awaitSaid("pgbackfill: held: active sessions ");
      awaitHeartbeat(load);
      assertEquals(0, load.rows());
      var unused =
          load.database.run(
              "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname ="
                  + " current_database() AND query LIKE '%pg_sleep(600)' AND pid <>"
                  + " pg_backend_pid()");
      assertEquals("57014", first.join());
      assertEquals("57014", second.join());
      assertWhole(load, run.join(), "active");
    }
  }

  @Test
  void walThatWaitsForTheArchiverHoldsTheLoad() throws IOException {
    Path archiver = Files.createSymbolicLink(folder.resolve("archiver"), Path.of("/bin/false"));
    try (TestServer server =
        TestServer.start(Map.of("archive_mode", "on", "archive_command", archiver.toString()))) {
      TestDatabase database = server.database();
      Load load = new Load(Load.Kind.CONTACTS, folder, database).generate(1000);
      for (int i = 0; i < 3; i++) {
        var unused = database.run("CREATE TABLE t" + i + "(); SELECT pg_switch_wal()");
      }
      Cli cli = Cli.on(database);
      Background<Cli.Result> run = start(load, cli, "--max-wal-backlog", "1");
      cli.awaitSaid("pgbackfill: held: WAL backlog ");
      cli.awaitSaid(" files > 1 files\n");
      assertEquals(0, load.rows());
      Files.delete(archiver);
      var unused = Files.createSymbolicLink(archiver, Path.of("/bin/true"));
      // After some failures the archiver sleeps for a minute, or until there is something new.
      var unused2 = database.run("CREATE TABLE something_new (); SELECT pg_switch_wal()");
      assertWhole(load, run.join(), "wal_backlog");
    }
  }

  @Test
  void aRightThatIsMissingIsSaidAtTheStartWithItsGrant() {
    Load load = contacts();
    String role = "loader_" + load.database.name();
    var unused =
        load.database.run(
            "CREATE ROLE %1$s LOGIN; GRANT SELECT, INSERT ON email_contacts TO %1$s; %2$s"
                .formatted(role, new Cli().run("ledger", "--account", role).out()));
    String[][] cases = {
      {"--max-lag", "5s", "pg_read_all_stats"},
      {"--max-active", "5", "pg_read_all_stats"},
      {"--max-wal-backlog", "5", "pg_monitor"}
    };
    for (String[] given : cases) {
      Cli.Result refused = load.run(Cli.on(load.database).with("PGUSER", role), given[0], given[1]);
      assertEquals(1, refused.status(), refused::toString);
      String grant = "GRANT " + given[2] + " TO " + role;
      assertTrue(
          refused.err().matches("pgbackfill: role " + role + " may not see .*: " + grant + "\n"),
          refused::toString);
    }
    assertEquals(0, load.rows());
    var unused2 = load.database.run("GRANT pg_monitor TO " + role);
    Cli.Result end =
        load.run(
            Cli.on(load.database).with("PGUSER", role),
            "--max-lag",
            "5s",
            "--max-active",
            "500",
            "--max-wal-backlog",
            "5000");
    load.traces(end).assertSameAs(load.undisturbed());
    assertEquals("0.0", end.field("replica_lag_seconds"));
  }

  private static Cli.Result inLargeChunks(Load load, Object... more) {
    List<Object> words = load.words(more);
    words.set(words.indexOf("50"), "600");
    words.addAll(List.of("--threads", "1"));
    return Cli.on(load.database).json(words.toArray());
  }

  private static long transactions(Load load) {
    return load.database.number("SELECT count(DISTINCT xmin::text) FROM email_contacts");
  }

  @Test
  void chunksThatKeepATimeLoadTheSame() {
    Load load = contacts();
    // Nothing is as quick as that: after the first chunk they shrink to the fewest.
    Cli.Result end = inLargeChunks(load, "--chunk-time", "1ms");
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(transactions(load) > 3, end::toString);
    // The control.
    var unused = load.database.run("TRUNCATE email_contacts");
    assertEquals(3, inLargeChunks(load).status());
    assertEquals(2, transactions(load));
  }

  /** In even steps: a chunk as large as it may be every so often would be waves. */
  @Test
  void aRateIsKeptInSmallChunks() {
    Load load = contacts();
    Cli.Result end = inLargeChunks(load, "--max-rate", "2000");
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(transactions(load) >= 8, end::toString);
    // 900 records are behind the first chunk, and one that is short.
    assertTrue(Double.parseDouble(end.field("held_seconds")) > 0.3, end::toString);
    assertTrue(end.out().contains("\"held_seconds_by\":{\"rate\":"), end::toString);
    // The control: what the load's own size makes of it is in chunksThatKeepATimeLoadTheSame.
  }

  @Test
  void rowsThatWereRolledBackAndRetriesAreTold() {
    Load load = contacts();
    var unused =
        load.database.run(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF nextval('tries') <= 2 THEN
                RAISE EXCEPTION 'a deadlock, so to say' USING ERRCODE = 'deadlock_detected';
              END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER fail AFTER INSERT ON email_contacts EXECUTE FUNCTION fail()
            """);
    Cli.Result end = load.run("--threads", "1");
    assertEquals(3, end.status(), end::toString);
    assertEquals(2, end.count("deadlocks"), end::toString);
    assertTrue(end.count("dead_rows") > 0 && end.count("dead_rows") <= 100, end::toString);
    assertTrue(end.out().contains("\"retries_by_sqlstate\":{\"40P01\":2}"), end::toString);
  }
}
