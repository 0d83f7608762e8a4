package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which run a start is, and what the ledger says of it. */
@Tag("database")
class RunsTest {
  private static final String THREE = "func,unique_key\na,\nb,\nc,k\n";

  @TempDir Path folder;
  private Load jobs;

  @BeforeEach
  void export() {
    jobs = new Load(Load.Kind.JOBS, folder);
    var unused = Load.write(jobs.export, THREE);
  }

  private Cli.Result run(Object... more) {
    List<Object> words = jobs.words(more);
    words.set(words.indexOf("50"), "1");
    if (!words.contains("--threads")) {
      words.addAll(List.of("--threads", "1"));
    }
    return Cli.on(jobs.database).json(words.toArray());
  }

  /** Stops at the last of four jobs, which the database refuses. */
  private void leaveUnfinished(Object... more) {
    var unused = Load.write(jobs.export, THREE + "d,\n");
    var unused2 =
        jobs.database.run(
            """
            CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.func = 'd' THEN
                RAISE 'not this one';
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON chancy_jobs FOR EACH ROW EXECUTE FUNCTION refuse();
            """);
    List<Object> words = new ArrayList<>(List.of(more));
    words.addAll(List.of("--max-rejects", "0"));
    Cli.Result stopped = run(words.toArray());
    assertEquals(4, stopped.status(), stopped::toString);
    assertEquals("failed", jobs.state());
  }

  private static void assertRefused(String message, Cli.Result result) {
    assertEquals(1, result.status(), result::toString);
    assertTrue(
        result
            .err()
            .matches("(pgbackfill: [^\n]*( left out|\\.old)\n)*pgbackfill: (" + message + ")\n"),
        result::toString);
    assertEquals("failed", result.field("state"));
  }

  @Test
  void aNamedRunIsDoneOnce() {
    Cli.Result first = run("--run", "nightly");
    assertEquals(0, first.status(), first::toString);
    assertEquals(3, first.count("inserted"));

    Cli.Result second = run("--run", "nightly");
    assertEquals(0, second.status(), second::toString);
    assertTrue(second.field("reason").matches("done already, .*; nothing was done now"));
    assertEquals(3, second.count("inserted"), "of the run, which was done before");
    assertEquals(3, jobs.rows());

    Cli.Result resumed = run("--run", "nightly", "--resume");
    assertEquals(0, resumed.status(), resumed::toString);
    assertEquals(3, jobs.rows());

    Cli.Result again = run("--run", "nightly", "--again");
    assertEquals(0, again.status(), again::toString);
    assertEquals(2, again.count("inserted"), "the jobs without a key, once more");
    assertEquals(5, jobs.rows());
  }

  @Test
  void aRunWithoutANameIsANewOneEachTime() {
    String first = run().field("run");
    Cli.Result second = run();
    assertEquals(0, second.status(), second::toString);
    assertEquals(2, second.count("inserted"), second::toString);
    assertTrue(first.matches("jobs-\\d{8}T\\d{6}\\.\\d{3}Z"), first);
    assertFalse(first.equals(second.field("run")), first);
  }

  @Test
  void aPlainStartOfUnfinishedWorkIsRefusedWithTheTwoChoicesUnderANewNameAsWell() {
    leaveUnfinished("--run", "nightly");
    String choices =
        "run nightly of the same work was left failed; go on with it: --run nightly --resume; or"
            + " begin anew, which pushes jobs without a unique key once more: --again";
    assertRefused(choices, run("--run", "nightly"));
    assertRefused(choices, run());
    assertRefused(choices, run("--run", "another-name"));
    assertEquals(3, jobs.rows());
    assertEquals(1, jobs.database.number("SELECT count(*) FROM pgbackfill.run"));

    Cli.Result again = run("--run", "another-name", "--again");
    assertEquals(3, again.status(), again::toString);
    assertEquals(5, jobs.rows());
  }

  @Test
  void resumeGoesOnWithTheNamedRunOrTheLastOfThisWorkAndBeginsOneThatNeverBegan() {
    Cli.Result begun = run("--run", "nightly", "--resume");
    assertEquals(0, begun.status(), begun::toString);
    assertEquals(3, begun.count("inserted"));

    leaveUnfinished();
    String left =
        jobs.database.rows("SELECT name FROM pgbackfill.run ORDER BY run_id DESC LIMIT 1").get(0);
    Cli.Result unnamed = run("--resume");
    assertEquals(3, unnamed.status(), unnamed::toString);
    assertEquals(left, unnamed.field("run"));
    assertEquals(5, jobs.rows(), "two jobs have no key; the third is one with the first run's");
    assertEquals("succeeded", jobs.state());
  }

  @Test
  void whatARunBeganWithIsKept() {
    leaveUnfinished("--run", "nightly");
    assertRefused(
        "run nightly began with 1 lanes; resume it with --threads 1, or begin anew with --again",
        run("--run", "nightly", "--resume", "--threads", "2"));
    assertRefused(
        "run nightly has the mapping \\(none\\), now it is func=unique_key; give it what it began"
            + " with, or begin another run with --run NAME or --again",
        run("--run", "nightly", "--resume", "--map", "func=unique_key"));
    assertRefused(
        "run nightly has the target public.chancy_jobs, now it is public.other_jobs; give it what"
            + " it began with, or begin another run with --run NAME or --again",
        run("--run", "nightly", "--resume", "--create-table", "--prefix", "other_"));
    var unused = Load.write(jobs.export, THREE);
    String changed =
        "run nightly has .*jobs.csv with 29 bytes and checksum [0-9a-f]{16}, .*jobs.csv has 26"
            + " bytes and checksum [0-9a-f]{16}; give it what it began with, or begin another run"
            + " with --run NAME or --again";
    assertRefused(changed, run("--run", "nightly", "--resume"));
    assertRefused(changed, run("--resume"));
    assertEquals("failed", jobs.state());
    assertEquals(3, jobs.rows());
  }

  @Test
  void anOutcomeFileCantBeAskedForAfterwards() {
    List<Object> words = jobs.words("--run", "n", "--max-rejects", "0");
    words.subList(words.indexOf("--outcomes"), words.indexOf("--outcomes") + 2).clear();
    var unused = Load.write(jobs.export, THREE + ",d\n");
    Cli.Result stopped = Cli.on(jobs.database).json(words.toArray());
    assertEquals(4, stopped.status(), stopped::toString);
    assertRefused(
        "run n began without --outcomes, so the ledger has not kept what the file needs; resume it"
            + " without, or begin anew with --again",
        run("--run", "n", "--resume", "--threads", "4"));
  }

  @Test
  void runsListsThemInTextAndJson() {
    Cli cli = Cli.on(jobs.database);
    Cli.Result none = cli.run("runs");
    assertEquals(1, none.status(), none::toString);
    assertEquals(
        "pgbackfill: there is no ledger in schema pgbackfill; the first run makes it, or name"
            + " another with --ledger-schema\n",
        none.err());

    assertEquals(0, run("--run", "one").status());
    leaveUnfinished("--run", "two", "--again");
    List<String> text = cli.run("runs").out().lines().toList();
    assertEquals(3, text.size(), text::toString);
    assertTrue(
        text.get(0)
            .matches(
                "run +command +state +began +inserted +existing +changed +duplicate +rejected"));
    assertTrue(
        text.get(1)
            .matches(
                "two +jobs +failed +\\S+ +2 +1 +0 +0 +1  more rejects than --max-rejects 0 allows"),
        text::toString);
    assertTrue(text.get(2).matches("one +jobs +succeeded +\\S+ +3 +0 +0 +0 +0"), text::toString);

    Cli.Result json = cli.run("runs", "one", "--output", "json");
    assertEquals(1, json.out().lines().count());
    assertEquals("one", json.field("run"));
    assertEquals("succeeded", json.field("state"));
    assertEquals("26", json.field("size"));
    assertEquals(16, json.field("checksum").length());
    assertEquals("", cli.run("runs", "three", "--output", "json").out());
  }

  @Test
  void withoutALedgerTheSummarySaysSoAndKeysAreLoadedOnce() {
    Cli.Result text =
        Cli.on(jobs.database).run(jobs.words("--no-ledger", "--progress", "none").toArray());
    assertEquals(0, text.status(), text::toString);
    assertTrue(
        text.out().contains("  no ledger: the run can't be resumed, only loaded again\n"),
        text::toString);
    Cli.Result second = run("--no-ledger");
    assertEquals(1, second.count("existing"), second::toString);
    assertEquals(2, second.count("inserted"), "jobs without a key are new each time");
    assertEquals("null", second.field("ledger"));
    assertEquals(
        0, jobs.database.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgbackfill'"));
  }

  @Test
  void theLedgerCanHaveAnotherSchema() {
    Cli.Result loaded = run("--ledger-schema", "Night \"shift\"", "--run", "n");
    assertEquals(0, loaded.status(), loaded::toString);
    assertEquals(1, jobs.database.number("SELECT count(*) FROM \"Night \"\"shift\"\"\".run"));
    assertTrue(
        Cli.on(jobs.database)
            .run("runs", "--ledger-schema", "Night \"shift\"")
            .out()
            .contains("\nn  "));
  }

  @ParameterizedTest
  @CsvSource({"7, newer", "0, older"})
  void aLedgerOfAnotherVersionIsLeftAlone(int version, String which) {
    assertEquals(0, run().status());
    var unused = jobs.database.run("UPDATE pgbackfill.version SET version = " + version);
    String other =
        "the ledger in schema pgbackfill has version "
            + version
            + ", this pgbackfill knows version 2; use a "
            + which
            + " pgbackfill, or another schema with --ledger-schema";
    assertRefused(other, run());
    assertEquals(3, jobs.rows());
    Cli.Result runs = Cli.on(jobs.database).run("runs");
    assertEquals(1, runs.status());
    assertEquals("pgbackfill: " + other + "\n", runs.err());
  }

  @Test
  void aFinishedRunLeavesNoMarks() {
    assertEquals(0, run().status());
    assertEquals(0, jobs.database.number("SELECT count(*) FROM pgbackfill.mark"));
    // The control: a run that is to be resumed has some.
    leaveUnfinished("--run", "x", "--again");
    assertTrue(jobs.database.number("SELECT count(*) FROM pgbackfill.mark") > 0);
  }
}
