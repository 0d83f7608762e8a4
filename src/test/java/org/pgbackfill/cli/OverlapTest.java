package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;
import org.pgbackfill.testkit.Wait;

/** Two starts of one run: one works. */
@Tag("database")
class OverlapTest {
  private static final String BUSY =
      "run nightly is at work already: host \\S+, process \\d+, since"
          + " \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ; nothing was done";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 10})
  void ofSomeStartsAtOnceOneWorks(int starts) {
    Load load = new Load(Load.Kind.JOBS, folder).generate(200);
    List<Cli.Result> results;
    try (Gate gate = Gate.behind(0, load.kind.table, load.database)) {
      List<Background<Cli.Result>> all =
          IntStream.range(0, starts)
              .mapToObj(i -> Background.start(() -> load.run("--run", "nightly", "--resume")))
              .toList();
      Wait.until(
          "all but one are turned away",
          () -> all.stream().filter(Background::isDone).count() == starts - 1);
      gate.open();
      results = all.stream().map(Background::join).toList();
    }
    assertEquals(1, results.stream().filter(r -> r.status() == 3).count(), results::toString);
    for (Cli.Result other : results.stream().filter(r -> r.status() != 3).toList()) {
      assertEquals(75, other.status(), other::toString);
      assertTrue(other.err().matches("pgbackfill: " + BUSY + "\n"), other::toString);
      assertTrue(other.err().contains("process " + ProcessHandle.current().pid() + ","));
    }
    assertEquals(
        load.rows(),
        results.stream().filter(r -> r.status() == 3).findAny().get().count("inserted"));
  }

  @Test
  void theSameWorkUnderAnotherNameIsTheSameWork() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(200);
    try (Gate gate = Gate.behind(0, load.kind.table, load.database)) {
      Background<Cli.Result> first = Background.start(() -> load.run("--run", "nightly"));
      var unused = gate.awaitSomebody();
      for (Object[] words :
          new Object[][] {
            {}, {"--resume"}, {"--again"}, {"--run", "other"}, {"--run", "nightly"}
          }) {
        Cli.Result second = load.run(words);
        assertEquals(75, second.status(), second::toString);
      }
      gate.open();
      assertEquals(3, first.join().status());
    }
  }

  @Test
  void ofSomeProcessesOneWorksAndWhenItIsKilledTheNextTakesOver() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    Object[] words = load.words("--run", "nightly", "--resume", "--progress", "none").toArray();
    try (Gate gate = Gate.behind(200, load.kind.table, load.database);
        Tool one = Tool.start(load.database, folder, words);
        Tool two = Tool.start(load.database, folder, words);
        Tool three = Tool.start(load.database, folder, words)) {
      var unused = gate.awaitSomebody();
      Wait.until(
          "two are turned away",
          () -> List.of(one, two, three).stream().filter(Tool::isDone).count() == 2);
      Tool holder =
          List.of(one, two, three).stream().filter(Predicate.not(Tool::isDone)).findAny().get();
      for (Tool other : List.of(one, two, three)) {
        if (other != holder) {
          Cli.Result busy = other.await();
          assertEquals(75, busy.status(), busy::toString);
          assertTrue(busy.err().matches("(?s).*pgbackfill: " + BUSY + "\n"), busy::toString);
          assertTrue(busy.err().contains("process " + holder.pid() + ","), busy::toString);
        }
      }
      // It has said which session is its own; so its death is seen before its lease ends.
      long death = System.nanoTime();
      var unused50 = holder.signal("KILL");
      gate.open();
      Wait.until("the next takes over", () -> load.run("--resume").status() == 3);
      Duration took = Duration.ofNanos(System.nanoTime() - death);
      assertTrue(took.toSeconds() < 15, took::toString);
    }
    Cli.Result done = load.run("--resume");
    assertEquals(0, done.status(), done::toString);
    assertEquals(load.undisturbed().table(), load.table());
  }

  @Test
  void aHolderThatDiesBeforeItsFirstHeartbeatIsSeenToBeGone() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(100);
    var unused = load.database.run(new Cli().run("ledger").out().replaceAll("(?m)^GRANT.*", ""));
    Object[] words = load.words("--run", "nightly", "--progress", "none").toArray();
    try (Gate gate = Gate.behind(0, load.kind.table, load.database)) {
      var unused2 =
          load.database.run(
              "CREATE TRIGGER heartbeat BEFORE UPDATE ON pgbackfill.run"
                  + " FOR EACH STATEMENT EXECUTE FUNCTION gate()");
      try (Tool holder = Tool.start(load.database, folder, words)) {
        Wait.until(
            "its first heartbeat is held up",
            () ->
                load.database.number(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND"
                            + " datname = current_database() AND query LIKE '%UPDATE%'")
                    == 1);
        var unused3 = holder.signal("KILL");
        var unused4 = holder.await();
      }
    }
    // Its lease does not help.
    var unused5 =
        load.database.run(
            "UPDATE pgbackfill.run SET lease_until = clock_timestamp() + interval '1 hour'");
    Wait.until("it is seen to be gone", () -> load.run("--resume").status() == 3);
  }

  @Test
  void aHolderWithoutAKnownSessionIsBelievedUntilItsLeaseEnds() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(100);
    abandon(load, "holder_pid = NULL, lease_until = clock_timestamp() + interval '1 hour'");
    assertEquals(75, load.run("--resume").status());
    var unused = load.database.run("UPDATE pgbackfill.run SET lease_until = clock_timestamp()");
    assertEquals(3, load.run("--resume").status());
  }

  /** By the clock, without any help: behind a pooler the server does not show a session. */
  @Test
  void afterItsHoldersDeathARunIsFreeWithinFifteenSeconds() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(100);
    Object[] words = load.words("--run", "nightly", "--progress", "none").toArray();
    long death;
    try (Gate gate = Gate.behind(0, load.kind.table, load.database);
        Tool holder = Tool.start(load.database, folder, words)) {
      var unused = gate.awaitSomebody();
      death = System.nanoTime();
      var unused2 = holder.signal("KILL");
      var unused3 = holder.await();
      var unused4 = load.database.run("UPDATE pgbackfill.run SET holder_pid = NULL");
    }
    assertEquals(75, load.run("--resume").status());
    Wait.until("its lease ends", () -> load.run("--resume").status() == 3);
    Duration took = Duration.ofNanos(System.nanoTime() - death);
    assertTrue(took.toSeconds() < 15, took::toString);
  }

  @Test
  void aHolderWhoseSessionIsGoneIsNotBelieved() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(100);
    abandon(load, "holder_pid = 1, lease_until = clock_timestamp() + interval '1 hour'");
    Cli.Result plain = load.run();
    assertEquals(1, plain.status(), plain::toString);
    assertTrue(plain.err().contains(" of the same work was left unfinished by host "), plain::err);
    assertTrue(Cli.on(load.database).run("runs").out().contains(" abandoned "));
    assertEquals(3, load.run("--resume").status());
  }

  private static void abandon(Load load, String how) {
    assertEquals(4, load.run("--max-rejects", "0").status());
    var unused =
        load.database.run("UPDATE pgbackfill.run SET state = 'running', ended = NULL, " + how);
  }

  @Test
  void aHolderThatLostItsLeaseCommitsNothingMore() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    Cli.Result lost =
        whileSomebody(
            load,
            "UPDATE pgbackfill.run SET lease_token = gen_random_uuid(), holder = 'somebody else'");
    assertEquals(1, lost.status(), lost::toString);
    assertTrue(
        lost.err()
            .endsWith(
                "pgbackfill: run nightly was taken over by another process; this one has stopped,"
                    + " and commits nothing more\n"),
        lost::toString);
    assertEquals("null", lost.field("resume"), "somebody else goes on");
    assertEquals(rowsAtTheGate, load.rows());
    assertEquals("running", load.state());

    // The control: without another token it would have gone on.
    Load control = new Load(Load.Kind.JOBS, folder).generate(1000);
    Cli.Result went = whileSomebody(control, "UPDATE pgbackfill.run SET holder = 'somebody else'");
    assertEquals(3, went.status(), went::toString);
    assertTrue(control.rows() > rowsAtTheGate);
  }

  private long rowsAtTheGate;

  private Cli.Result whileSomebody(Load load, String takesOver) {
    try (Gate gate = Gate.behind(200, load.kind.table, load.database)) {
      Background<Cli.Result> run =
          Background.start(() -> load.run("--run", "nightly", "--threads", "1"));
      var unused51 = gate.awaitSomebody();
      rowsAtTheGate = load.rows();
      var unused = load.database.run(takesOver);
      gate.open();
      return run.join();
    }
  }

  @Test
  void aHolderThatSleptThroughItsLeaseStopsWhenItWakesUp() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    try (Gate gate = Gate.behind(200, load.kind.table, load.database);
        Tool sleeper =
            Tool.start(
                load.database,
                folder,
                load.words("--run", "nightly", "--progress", "none").toArray())) {
      var unused52 = gate.awaitSomebody();
      var unused53 = sleeper.signal("STOP");
      // What it sees of the lease's end, without its ten seconds.
      var unused = load.database.run("UPDATE pgbackfill.run SET lease_until = clock_timestamp()");
      // Its transactions are open until the server hears of it, or their idle time is over; they
      // hold keys, and the other run waits for those.
      Background<Cli.Result> next =
          Background.start(() -> load.run("--run", "nightly", "--resume"));
      Wait.until(
          "the next one has taken over",
          () ->
              load.database.number(
                      "SELECT count(*) FROM pgbackfill.run WHERE holder LIKE '%process "
                          + ProcessHandle.current().pid()
                          + "'")
                  == 1);
      gate.open();
      var unused54 = sleeper.signal("CONT");
      Cli.Result lost = sleeper.await();
      assertEquals(1, lost.status(), lost::toString);
      assertTrue(
          lost.err()
              .contains("run nightly was taken over by another process; this one has stopped"),
          lost::toString);
      assertFalse(lost.out().contains("To go on:"), lost::toString);
      load.traces(next.join()).assertSameAs(load.undisturbed());
    }
  }
}
