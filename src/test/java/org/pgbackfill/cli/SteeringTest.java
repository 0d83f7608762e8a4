package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;
import org.pgbackfill.testkit.Wait;

/** A run at work hears what is asked of it from another terminal, and it is written down. */
@Tag("database")
class SteeringTest {
  @TempDir Path folder;

  private Load jobs() {
    return new Load(Load.Kind.JOBS, folder).generate(1000);
  }

  private static Cli.Result ask(Load load, Object... words) {
    return Cli.on(load.database).run(words);
  }

  private static void assertDone(String says, Cli.Result result) {
    assertEquals(0, result.status(), result::toString);
    assertEquals(says + "\n", result.out());
  }

  private static void assertRefused(String says, Cli.Result result) {
    assertEquals(1, result.status(), result::toString);
    assertTrue(result.err().matches("pgbackfill: " + says + "\n"), result::toString);
  }

  private static void awaitNoTransaction(Load load) {
    Wait.until(
        "no lane is in a transaction",
        () ->
            load.database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                        + " 'pgbackfill % lane-%'")
                == 0);
  }

  @Test
  void aRunIsPausedAndGoesOnAndLoadsTheSame() {
    Load load = jobs();
    Cli cli = Cli.on(load.database);
    Cli.Result end;
    try (Gate gate = Gate.behind(300, load.kind.table, load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run(cli, "--run", "n"));
      var unused = gate.awaitSomebody();
      assertDone("run n is paused", ask(load, "pause", "n"));
      cli.awaitSaid("pgbackfill: held: paused by role postgres, host ");
      gate.open();
      awaitNoTransaction(load);
      long rows = load.rows();
      String told = ask(load, "runs", "n").out();
      assertTrue(told.matches("(?s).*\n  \\S+Z pause by role postgres, host .*"), told);
      assertEquals(rows, load.rows());
      assertTrue(rows < 900, () -> "it is in the middle: " + rows);
      assertDone("run n goes on", ask(load, "unpause", "n"));
      end = run.join();
    }
    var unused = load.database.run("DROP FUNCTION gate CASCADE");
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(end.out().contains("\"held_seconds_by\":{\"pause\":"), end::toString);
    String json = ask(load, "runs", "n", "--output", "json").out();
    assertTrue(json.contains("\"steering\":[{\"action\":\"pause\",\"settings\":null,"), json);
    assertTrue(json.contains("{\"action\":\"unpause\","), json);
    assertTrue(ask(load, "runs").out().lines().noneMatch(line -> line.contains("pause")));
  }

  @Test
  void anotherProcessPausesAndStopsARunAndAPauseEndsWithItsHolder() {
    Load load = jobs();
    Cli cli = Cli.on(load.database);
    try (Gate gate = Gate.behind(300, load.kind.table, load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run(cli, "--run", "n"));
      var unused = gate.awaitSomebody();
      try (Tool pause = Tool.start(load.database, folder, "pause", "n")) {
        assertDone("run n is paused", pause.await());
      }
      gate.open();
      try (Tool stop = Tool.start(load.database, folder, "stop", "n")) {
        assertDone("run n stops", stop.await());
      }
      Cli.Result stopped = run.join();
      assertEquals(5, stopped.status(), stopped::toString);
      assertEquals("interrupted", stopped.field("state"));
      assertTrue(
          stopped.err().contains("pgbackfill: stopped by role postgres, "), stopped::toString);
      assertEquals(stopped.count("inserted"), load.rows());
      assertTrue(load.rows() < 900, stopped::toString);
    }
    var unused = load.database.run("DROP FUNCTION gate CASCADE");
    // Nobody has said unpause: the pause was the former holder's.
    load.traces(load.run("--run", "n", "--resume")).assertSameAs(load.undisturbed());
  }

  /** For longer than it would be tried again: an operator has the server to himself meanwhile. */
  @Test
  void aPauseHoldsWhatWaitsToBeTriedAgain() {
    Load load = jobs();
    Cli cli = Cli.on(load.database);
    Cli.Result end;
    try (Gate gate = Gate.behind(300, load.kind.table, load.database)) {
      Background<Cli.Result> run =
          Background.start(
              () -> load.run(cli, "--run", "n", "--lock-timeout", "100ms", "--retry-time", "5s"));
      cli.awaitSaid(": retry 1 after 55P03: ");
      assertDone("run n is paused", ask(load, "pause", "n"));
      awaitNoTransaction(load);
      Wait.until(
          "nothing would be tried again any more",
          () ->
              load.database.number(
                      "SELECT count(*) FROM pgbackfill.run WHERE clock_timestamp() > began +"
                          + " interval '8 s'")
                  == 1);
      gate.open();
      assertDone("run n goes on", ask(load, "unpause", "n"));
      end = run.join();
    }
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(end.count("retries") > 0, end::toString);
  }

  @Test
  void aRateHoldsARunThatIsTunedUntilItIsLifted() {
    Load load = jobs();
    Cli cli = Cli.on(load.database);
    // A chunk of 50, and then none for 50 seconds times the lanes.
    Background<Cli.Result> run =
        Background.start(() -> load.run(cli, "--run", "n", "--max-rate", "1"));
    Wait.until("the first chunk is in", () -> load.rows() > 0);
    assertDone(
        "run n is tuned: max-rate=2 chunk-size=10 chunk-time=1000ms max-active=500",
        ask(
            load,
            "tune",
            "n",
            "--max-rate",
            "2",
            "--chunk-size",
            "10",
            "--chunk-time",
            "1s",
            "--max-active",
            "500"));
    cli.awaitSaid(": max-rate=2 chunk-size=10 chunk-time=1000ms max-active=500\n");
    assertTrue(load.rows() < 500, () -> "it waits: " + load.rows());
    assertDone("run n is tuned: max-rate=none", ask(load, "tune", "n", "--max-rate", "none"));
    Cli.Result end = run.join();
    load.traces(end).assertSameAs(load.undisturbed());
    assertTrue(end.out().contains("\"rate\":"), end::toString);
  }

  @Test
  void whatCantBeSteeredIsRefusedClearly() {
    Load load = jobs();
    assertRefused("there is no ledger in schema pgbackfill; .*", ask(load, "pause", "n"));
    assertEquals(3, load.run("--run", "n").status());
    assertRefused(
        "there is no run m in the ledger in schema pgbackfill; pgbackfill runs lists those that"
            + " there are",
        ask(load, "pause", "m"));
    assertRefused(
        "run n is not at work: it succeeded at \\S+Z; nothing was done", ask(load, "stop", "n"));
    Cli.Result nothing = ask(load, "tune", "n");
    assertEquals(2, nothing.status(), nothing::toString);
    Cli.Result nonsense = ask(load, "tune", "n", "--max-rate", "0");
    assertEquals(2, nonsense.status(), nonsense::toString);
    assertEquals("pgbackfill: --max-rate 0: expected 1 or more\n", nonsense.err());
    assertEquals(2, ask(load, "tune", "n", "--max-lag", "long").status());
    var unused =
        load.database.run(
            "UPDATE pgbackfill.run SET state = 'running', lease_until = now() - interval '1 s'");
    assertRefused(
        "run n is not at work: its holder has died .*; nothing was done", ask(load, "pause", "n"));
  }

  @Test
  void ofSeveralRunsWithTheNameTheOneAtWorkIsMeantAndALimitThatItMayNotSeeIsRefused() {
    Load load = jobs();
    String role = "loader_" + load.database.name();
    var unused =
        load.database.run(
            "CREATE ROLE %1$s LOGIN; GRANT SELECT, INSERT ON chancy_jobs TO %1$s; %2$s"
                .formatted(role, new Cli().run("ledger", "--account", role).out()));
    Cli cli = Cli.on(load.database).with("PGUSER", role);
    assertEquals(3, load.run(cli, "--run", "n").status());
    var unused2 = load.database.run("DELETE FROM chancy_jobs");
    Background<Cli.Result> run =
        Background.start(() -> load.run(cli, "--run", "n", "--again", "--max-rate", "1"));
    Wait.until("the first chunk is in", () -> load.rows() > 0);
    assertRefused(
        "run n: role "
            + role
            + " may not see other sessions and replicas, which --max-lag and --max-active go by; a"
            + " DBA can let it: GRANT pg_read_all_stats TO "
            + role,
        ask(load, "tune", "n", "--max-lag", "1s"));
    // The holder's own account may steer as well.
    assertDone("run n stops", Cli.on(load.database).with("PGUSER", role).run("stop", "n"));
    assertEquals(5, run.join().status());
    assertEquals(
        1, load.database.number("SELECT count(*) FROM pgbackfill.steering WHERE refusal IS NULL"));
  }
}
