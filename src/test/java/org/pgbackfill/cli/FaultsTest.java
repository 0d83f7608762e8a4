package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;
import org.pgbackfill.testkit.Proxy;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.Wait;

/** What breaks on the way, and what the table, the counters and the files are afterwards. */
@Tag("database")
class FaultsTest {
  private static final Pattern RETRY =
      Pattern.compile("(?m)^pgbackfill: pgbackfill \\S+( lane-\\d)?: retry \\d+ after \\w{5}: .*$");

  @TempDir Path folder;

  private static Cli by(Proxy proxy, Load load) {
    return Cli.on(load.database).with("PGPORT", Integer.toString(proxy.port()));
  }

  private static void assertRetriesAreTold(Cli.Result end) {
    assertEquals(end.count("retries"), RETRY.matcher(end.err()).results().count(), end::toString);
  }

  static List<Object[]> breaks() {
    return List.of(
        new Object[] {Load.Kind.JOBS, Proxy.Break.BEFORE_COMMIT},
        new Object[] {Load.Kind.JOBS, Proxy.Break.REPLY_OF_COMMIT},
        new Object[] {Load.Kind.JOBS, Proxy.Break.DURING_INSERT},
        new Object[] {Load.Kind.JOBS, Proxy.Break.DURING_COPY},
        new Object[] {Load.Kind.CONTACTS, Proxy.Break.DURING_COPY},
        new Object[] {Load.Kind.CONTACTS, Proxy.Break.REPLY_OF_COMMIT});
  }

  /** COPY does not tell which rows a trigger has kept out: such a table takes INSERT. */
  private static void keepOutCopy(Load load) {
    load.database.run(
        """
        CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER pass BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION pass()
        """
            .formatted(load.kind.table));
  }

  @ParameterizedTest
  @MethodSource("breaks")
  void aConnectionThatBreaksLosesNothingAndDoublesNothing(Load.Kind kind, Proxy.Break what) {
    Load load = new Load(kind, folder).generate(1000);
    if (what == Proxy.Break.DURING_INSERT) {
      keepOutCopy(load);
    }
    try (Proxy proxy = Proxy.to(load.database).breaking(what, n -> n > 2 && n % 3 == 0)) {
      Cli.Result end = load.run(by(proxy, load));
      assertTrue(proxy.broken() > 3, () -> proxy.broken() + " broken\n" + end);
      load.traces(end).assertSameAs(load.undisturbed());
      assertRetriesAreTold(end);
      assertTrue(end.count("retries") > 3, end::toString);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "REPLY_OF_COMMIT"})
  void everyCommitOfARunMayBeTheOneThatIsLost(Proxy.Break what) {
    for (int lost = 1; lost <= 8; lost++) {
      Load load = new Load(Load.Kind.JOBS, folder);
      var unused = Load.write(load.export, "func,unique_key\na,\nb,k\nc,\n,\n");
      int which = lost;
      try (Proxy proxy = Proxy.to(load.database).breaking(what, n -> n == which)) {
        Cli.Result end = load.run(by(proxy, load), "--threads", "1", "--run", "n");
        if (proxy.broken() == 0) {
          assertTrue(lost > 4, "no more than " + lost + " commits");
          return;
        }
        assertEquals(3, end.status(), () -> which + ": " + end);
        assertEquals(3, end.count("inserted"), end::toString);
        assertEquals("succeeded", load.state());
        assertEquals(3, load.rows(), () -> which + ": " + end);
      }
    }
  }

  /** The control: who takes an unanswered COMMIT for a failed one pushes jobs twice. */
  @Test
  void aLoaderThatGuessesDoublesJobs() throws SQLException {
    Load load = new Load(Load.Kind.JOBS, folder);
    try (Proxy proxy = Proxy.to(load.database).breaking(Proxy.Break.REPLY_OF_COMMIT, n -> n == 1)) {
      String url =
          "jdbc:postgresql://localhost:"
              + proxy.port()
              + "/"
              + load.database.name()
              + "?user=postgres";
      int attempts = 0;
      for (boolean in = false; !in; attempts++) {
        try (Connection connection = DriverManager.getConnection(url)) {
          connection.setAutoCommit(false);
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "INSERT INTO chancy_jobs (id, queue, func) VALUES (gen_random_uuid(), 'q',"
                      + " 'f')")) {
            var unused = insert.executeUpdate();
          }
          connection.commit();
          in = true;
        } catch (SQLException e) {
          assertEquals("08006", e.getSQLState());
        }
      }
      assertEquals(2, attempts);
      assertEquals(2, load.rows());
    }
  }

  @Test
  void aServerThatFallsSilentIsGivenUpFiveSecondsAfterTheStatementTimeout() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    try (Proxy proxy =
        Proxy.to(load.database).breaking(Proxy.Break.SILENCE_AFTER_COMMIT, n -> n == 3)) {
      long start = System.nanoTime();
      Cli.Result end = load.run(by(proxy, load), "--statement-timeout", "1s");
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      load.traces(end).assertSameAs(load.undisturbed());
      assertEquals(1, proxy.broken());
      assertTrue(took.toSeconds() >= 6 && took.toSeconds() < 30, took::toString);
    }
  }

  @Test
  void aServerThatStaysAwayEndsTheRunResumableInItsTime() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    try (Proxy proxy = Proxy.to(load.database);
        Gate gate = Gate.behind(200, load.kind.table, load.database)) {
      Background<Cli.Result> run =
          Background.start(() -> load.run(by(proxy, load), "--retry-time", "1s"));
      var unused = gate.awaitSomebody();
      proxy.goDown();
      gate.open();
      Cli.Result end = run.join();
      assertEquals(1, end.status(), end::toString);
      assertTrue(end.err().contains(": gave up after "), end::toString);
      assertTrue(end.field("resume").contains("--resume"), end::toString);
    }
    Wait.until("the lease has run out", () -> load.run("--resume").status() == 3);
    assertEquals(load.undisturbed().table(), load.table());
  }

  @Test
  void aStopWhileTheServerIsAwayIsAStop() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    try (Proxy proxy = Proxy.to(load.database);
        Gate gate = Gate.behind(200, load.kind.table, load.database)) {
      Cli cli = by(proxy, load);
      Background<Cli.Result> run = Background.start(() -> load.run(cli, "--retry-time", "1s"));
      var unused = gate.awaitSomebody();
      cli.stop();
      proxy.goDown();
      gate.open();
      Cli.Result end = run.join();
      assertEquals(5, end.status(), end::toString);
      assertTrue(
          end.err().contains("pgbackfill: the end of run ")
              && end.err().contains(" could not be written into the ledger: "),
          end::toString);
    }
  }

  @Test
  void backendsTerminatedAgainAndAgain() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    Background<Cli.Result> run;
    int terminated = 0;
    try (Gate gate = Gate.behind(100, load.kind.table, load.database)) {
      run = Background.start(() -> load.run("--threads", "1"));
      for (int round = 0; round < 4; round++) {
        var unused = gate.awaitSomebody();
        // The lanes', and in some rounds the heart's as well.
        terminated +=
            load.database
                .rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                        + " current_database() AND (wait_event = 'advisory' OR ("
                        + round
                        + " % 2 = 1 AND state = 'idle' AND pid <> (SELECT pid FROM pg_locks WHERE"
                        + " locktype = 'advisory' AND objid = 4711 AND granted LIMIT 1)))")
                .size();
      }
      gate.open();
    }
    Cli.Result end = run.join();
    assertTrue(terminated >= 4, terminated + " terminated");
    load.traces(end).assertSameAs(load.undisturbed());
    assertRetriesAreTold(end);
    assertTrue(end.count("retries") >= 4, end::toString);
  }

  @Test
  void aCancelledStatementSplitsItsChunk() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    // Too many rows at once take too long.
    var unused =
        load.database.run(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF (SELECT count(*) FROM fresh) > 10 THEN
                PERFORM pg_sleep(30);
              END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER slow AFTER INSERT ON chancy_jobs REFERENCING NEW TABLE AS fresh
              FOR EACH STATEMENT EXECUTE FUNCTION slow();
            """);
    Cli.Result end = load.run("--statement-timeout", "300ms");
    load.traces(end).assertSameAs(load.undisturbed());
  }

  @Test
  void aStatementOfOneRowThatIsCancelledIsTriedAgain() {
    Load load = new Load(Load.Kind.JOBS, folder);
    var unused = Load.write(load.export, "func\na\n");
    try (Gate gate = Gate.behind(0, load.kind.table, load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run());
      var unused2 = gate.awaitSomebody();
      var unused3 =
          load.database.rows(
              "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'"
                  + " AND datname = current_database()");
      Wait.until("it is tried again", () -> gate.waiting() == 1);
      gate.open();
      Cli.Result end = run.join();
      assertEquals(0, end.status(), end::toString);
      assertEquals(1, end.count("retries"), end::toString);
      assertRetriesAreTold(end);
    }
    assertEquals(1, load.rows());
  }

  /**
   * The other one waits for a key of ours, and we for a lock of its own: we are the last to wait.
   */
  @Test
  void aDeadlockWithAnotherProgramIsTriedAgain() {
    Load load = new Load(Load.Kind.JOBS, folder);
    var unused = Load.write(load.export, "func,unique_key\na,\nb,k\nc,\n");
    var unused2 =
        load.database.run(
            """
            CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              PERFORM pg_advisory_xact_lock_shared(1);
              PERFORM pg_advisory_xact_lock_shared(2);
              RETURN NULL;
            END $$;
            CREATE TRIGGER meet AFTER INSERT ON chancy_jobs FOR EACH STATEMENT
              WHEN (current_setting('application_name') LIKE 'pgbackfill %') EXECUTE FUNCTION meet();
            """);
    Cli.Result end;
    try (Session gate = Session.open(load.database);
        Session other = Session.open(load.database)) {
      var unused3 = gate.run("SELECT pg_advisory_xact_lock(1)");
      var unused4 = other.run("SET LOCAL deadlock_timeout = '1min'");
      var unused5 = other.run("SELECT pg_advisory_xact_lock(2)");
      Background<Cli.Result> run = Background.start(() -> load.run("--threads", "1"));
      gate.awaitBlocked(1);
      Background<Session> waits =
          Background.start(
              () ->
                  other.run(
                      "INSERT INTO chancy_jobs (id, queue, func, unique_key)"
                          + " VALUES (gen_random_uuid(), 'q', 'f', 'k')"));
      load.database.awaitWaiting(2);
      gate.commit();
      waits.join().rollback();
      end = run.join();
    }
    assertEquals(0, end.status(), end::toString);
    assertEquals(3, end.count("inserted"), end::toString);
    assertEquals(3, load.rows());
    assertEquals(1, load.database.deadlocks());
    assertTrue(end.err().contains(" lane-0: retry 1 after 40P01: deadlock detected"), end::err);
    assertRetriesAreTold(end);
  }

  @Test
  void aLockedTableIsWaitedFor() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    Cli.Result end;
    try (Gate gate = Gate.behind(100, load.kind.table, load.database);
        Session locker = Session.open(load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run("--lock-timeout", "200ms"));
      var unused = gate.awaitSomebody();
      // They give way after their lock_timeout, and then the table is locked.
      var unused2 = locker.run("LOCK TABLE chancy_jobs IN ACCESS EXCLUSIVE MODE");
      gate.open();
      Wait.until(
          "lanes wait for the table",
          () ->
              load.database.number(
                      "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
                  > 0);
      Wait.until(
          "and give up for a while",
          () ->
              load.database.number(
                      "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
                  == 0);
      locker.commit();
      end = run.join();
    }
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(end.count("retries") > 0, end::toString);
    assertTrue(
        end.err().contains("after 55P03: canceling statement due to lock timeout"), end::toString);
    assertRetriesAreTold(end);
  }

  @Test
  void aTableThatStaysLockedEndsTheRunResumable() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    try (Gate gate = Gate.behind(100, load.kind.table, load.database)) {
      Cli.Result end = load.run("--lock-timeout", "100ms", "--retry-time", "500ms");
      assertEquals(1, end.status(), end::toString);
      assertTrue(
          end.err()
              .matches(
                  "(?s).*\n"
                      + "pgbackfill: pgbackfill \\S+ lane-\\d: gave up after \\d s and \\d+"
                      + " retries: 55P03: canceling statement due to lock timeout\n"),
          end::toString);
      assertEquals("failed", load.state());
    }
    load.traces(load.run("--resume")).assertSameAs(load.undisturbed());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--run=n", "--no-ledger"})
  void aReadOnlyDatabaseIsRefusedWithOneMessage(String way) {
    Load load = new Load(Load.Kind.JOBS, folder).generate(50);
    var unused =
        load.database.run(
            "ALTER DATABASE " + load.database.name() + " SET default_transaction_read_only = on");
    Cli.Result end = load.run(way);
    assertEquals(1, end.status(), end::toString);
    assertTrue(end.err().contains("default_transaction_read_only is on"), end::toString);
    assertEquals(1, end.err().lines().count(), end::toString);
    assertEquals(0, load.rows());
  }

  @Test
  void inheritedDefaultsBreakNothing() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    boolean hasTransactionTimeout =
        load.database.number("SELECT current_setting('server_version_num')") >= 170000;
    String role = "slow_" + load.database.name();
    var unused =
        load.database.run(
            """
            CREATE ROLE %1$s SUPERUSER LOGIN;
            ALTER ROLE %1$s SET lock_timeout = '1ms';
            ALTER ROLE %1$s SET idle_in_transaction_session_timeout = '10ms';
            ALTER ROLE %1$s SET default_transaction_isolation = 'serializable';
            ALTER ROLE %1$s SET default_transaction_deferrable = on;
            ALTER ROLE %1$s SET DateStyle = 'German';
            ALTER ROLE %1$s SET statement_timeout = '50ms';
            %2$s
            """
                .formatted(
                    role,
                    hasTransactionTimeout
                        ? "ALTER ROLE " + role + " SET transaction_timeout = '200ms';"
                        : ""));
    Cli.Result end;
    // Longer than all of them.
    try (Gate gate = Gate.behind(100, load.kind.table, load.database)) {
      Background<Cli.Result> run =
          Background.start(() -> load.run(Cli.on(load.database).with("PGUSER", role)));
      var unused2 = gate.awaitSomebody();
      Wait.until(
          "it has waited longer than all of them",
          () ->
              load.database.number(
                      "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND"
                          + " clock_timestamp() - query_start > interval '300 ms'")
                  > 0);
      gate.open();
      end = run.join();
    }
    load.traces(end).assertSameAs(load.undisturbed());
    assertEquals(0, end.count("retries"), end::toString);
  }

  @ParameterizedTest
  @CsvSource({"off, local", "remote_write, remote_write"})
  void commitsThatNobodyWaitsForAreWaitedForHere(String setting, String taken) {
    Load load = new Load(Load.Kind.JOBS, folder).generate(300);
    var unused =
        load.database.run(
            """
            ALTER DATABASE %s SET synchronous_commit = %s;
            CREATE TABLE seen (setting text);
            CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO seen VALUES (current_setting('synchronous_commit'));
              RETURN NULL;
            END $$;
            CREATE TRIGGER look AFTER INSERT ON chancy_jobs FOR EACH STATEMENT EXECUTE FUNCTION look();
            """
                .formatted(load.database.name(), setting));
    assertEquals(3, load.run().status());
    assertEquals(List.of(taken), load.database.rows("SELECT DISTINCT setting FROM seen"));
  }

  @Test
  void aTruncatedGzipIsLoadedUpToThereAndSaid() throws IOException {
    Load load = new Load(Load.Kind.JOBS, folder).generate(5000);
    byte[] all;
    Path zip = folder.resolve("jobs.csv.gz");
    try (GZIPOutputStream gzip = new GZIPOutputStream(Files.newOutputStream(zip));
        Writer writer = new java.io.OutputStreamWriter(gzip, StandardCharsets.UTF_8)) {
      writer.write(Files.readString(load.export));
    }
    all = Files.readAllBytes(zip);
    Path half = folder.resolve("half.csv.gz");
    var unused = Files.write(half, java.util.Arrays.copyOf(all, all.length / 2));
    Load truncated = load.from(half.toString());
    Cli.Result end = truncated.run("--run", "n");
    assertEquals(1, end.status(), end::toString);
    assertTrue(
        end.err()
            .matches(
                "pgbackfill: \\S+half.csv.gz behind line \\d+: the compressed file ends too early;"
                    + " it was not written or copied to its end\n"),
        end::toString);
    long rows = load.rows();
    assertTrue(rows > 500 && rows < 3500, () -> rows + " rows");
    assertEquals(rows, end.count("inserted"));
    assertEquals("failed", load.state());
    assertEquals(1, truncated.run("--run", "n", "--resume").status());
    assertEquals(rows, load.rows());
  }
}
