package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;

/** A run that stopped and goes on leaves what an undisturbed one leaves. */
@Tag("database")
class ResumeTest {
  @TempDir Path folder;

  /** Stops it in the middle, as a SIGINT would. */
  private static Cli.Result stopInTheMiddle(Load load, int rows, Cli cli, Object... more) {
    try (Gate gate = Gate.behind(rows, load.kind.table, load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run(cli, more));
      var unused = gate.awaitSomebody();
      cli.stop();
      gate.open();
      return run.join();
    } finally {
      var unused = load.database.run("DROP FUNCTION gate CASCADE");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRunStoppedAndResumedIsAsIfItHadNeverStopped(Load.Kind kind) {
    Load load = new Load(kind, folder).generate(1000);
    Cli.Result stopped = stopInTheMiddle(load, 300, Cli.on(load.database), "--run", "nightly");
    assertEquals(5, stopped.status(), stopped::toString);
    assertEquals("interrupted", stopped.field("state"));
    assertEquals("asked to stop", stopped.field("reason"));
    long before = load.rows();
    assertTrue(before >= 300 && before < 900, () -> before + " rows");

    Cli.Result once = stopInTheMiddle(load, 600, Cli.on(load.database), "--resume");
    assertEquals(5, once.status(), once::toString);
    Load.Traces whole = load.traces(load.run("--resume"));
    whole.assertSameAs(load.undisturbed());
    assertEquals("succeeded", load.state());
  }

  /** Whoever wanted the ids at the beginning may want them again at the end. */
  @Test
  void aResumeInBetweenWithoutTheOutcomeFileKeepsTheIdsThatItTells() throws IOException {
    Load load = new Load(Load.Kind.CONTACTS, folder).generate(1000);
    assertEquals(5, stopInTheMiddle(load, 300, Cli.on(load.database)).status());
    List<Object> words = load.words("--resume", "--output", "json", "--progress", "none");
    words.subList(words.indexOf("--outcomes"), words.indexOf("--outcomes") + 2).clear();
    try (Gate gate = Gate.behind(600, load.kind.table, load.database)) {
      Cli cli = Cli.on(load.database);
      Background<Cli.Result> run = Background.start(() -> cli.run(words.toArray()));
      var unused = gate.awaitSomebody();
      cli.stop();
      gate.open();
      assertEquals(5, run.join().status());
    }
    var unused = load.database.run("DROP FUNCTION gate CASCADE");
    load.traces(load.run("--resume")).assertSameAs(load.undisturbed());
    Set<String> ids = Set.copyOf(load.database.rows("SELECT id FROM email_contacts"));
    Set<String> told = new HashSet<>();
    for (String line : Files.readAllLines(folder.resolve("outcomes.csv"))) {
      if (line.contains(",inserted,")) {
        told.add(line.replaceFirst("^.*,([0-9a-f-]{36}),inserted,.*$", "$1"));
      }
    }
    assertEquals(ids, told);
  }

  @Test
  void theChunkSizeMayChange() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    assertEquals(5, stopInTheMiddle(load, 500, Cli.on(load.database)).status());
    List<Object> words = load.words("--resume", "--output", "json", "--progress", "none");
    words.set(words.indexOf("50"), "17");
    Cli.Result end = Cli.on(load.database).run(words.toArray());
    load.traces(end).assertSameAs(load.undisturbed());
  }

  @Test
  void timeIsUpAndTheRunGoesOnLater() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    try (Gate gate = Gate.behind(300, load.kind.table, load.database)) {
      Background<Cli.Result> run =
          Background.start(() -> load.run("--max-run-time", "300ms", "--lock-timeout", "100ms"));
      Cli.Result stopped = run.join();
      assertEquals(5, stopped.status(), stopped::toString);
      assertEquals("--max-run-time is over", stopped.field("reason"));
    }
    load.traces(load.run("--resume")).assertSameAs(load.undisturbed());
  }

  @Test
  void tooManyRejectsAndTheRunGoesOnWithAHigherLimit() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    Cli.Result stopped = load.run("--max-rejects", "9");
    assertEquals(4, stopped.status(), stopped::toString);
    assertEquals("more rejects than --max-rejects 9 allows", stopped.field("reason"));
    long before = load.rows();
    assertTrue(before < 950, () -> before + " rows");
    load.traces(load.run("--resume")).assertSameAs(load.undisturbed());
  }

  @Test
  void rowsThatTheDatabaseRefusesAreRefusedOnceAndTheRestIsIn() {
    Load load = refusing(new Load(Load.Kind.JOBS, folder).generate(1000));
    Load undisturbed = refusing(new Load(Load.Kind.JOBS, folder).generate(1000));
    Load.Traces expected = undisturbed.traces(undisturbed.run());
    assertTrue(
        expected.rejects().stream().anyMatch(line -> line.endsWith("P0001: not this one")),
        expected.rejects()::toString);

    assertEquals(5, stopInTheMiddle(load, 200, Cli.on(load.database)).status());
    // Chunks that were in by halves, and not yet marked as complete.
    var unused =
        load.database.run(
            "DELETE FROM pgbackfill.mark m WHERE complete AND last_record >"
                + " (SELECT min(last_record) FROM pgbackfill.mark o WHERE o.lane = m.lane)");
    load.traces(load.run("--resume")).assertSameAs(expected);
  }

  private static Load refusing(Load load) {
    var unused =
        load.database.run(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.priority = 1 THEN
                RAISE 'not this one';
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON chancy_jobs FOR EACH ROW EXECUTE FUNCTION refuse();
            """);
    return load;
  }

  @Test
  void standardInputIsResumedUnderANameWithTheSameBytes() throws IOException {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    byte[] bytes = Files.readAllBytes(load.export);
    Load.Traces expected = load.undisturbed();
    Object[] name = {"--run", "piped", "--resume"};

    Cli.Result stopped =
        stopInTheMiddle(piped(load), 400, Cli.on(load.database).stdin(bytes), name);
    assertEquals(5, stopped.status(), stopped::toString);
    long before = load.rows();

    String text = new String(bytes, StandardCharsets.UTF_8);
    int middle = text.indexOf('\n', 200) + 1;
    for (String other :
        List.of(
            // a record more, a record less, other records, nothing but the header, another field
            text.substring(0, middle) + "new,default,,,,,,,\n" + text.substring(middle),
            text.substring(0, text.indexOf('\n') + 1) + text.substring(middle),
            Load.export(Load.Kind.JOBS, 1000, 8),
            Load.export(Load.Kind.JOBS, 20, 8),
            text.substring(0, text.indexOf('\n') + 1),
            text.replaceFirst("default", "defaulT"))) {
      Cli.Result refused =
          piped(load)
              .run(Cli.on(load.database).stdin(other.getBytes(StandardCharsets.UTF_8)), name);
      assertEquals(1, refused.status(), refused::toString);
      assertTrue(
          refused
              .err()
              .endsWith(
                  "pgbackfill: run piped: what comes in is not what came the first time; give it"
                      + " the same bytes, or begin anew with --again\n"),
          refused::toString);
      assertEquals(before, load.rows(), "nothing of it is written");
    }

    List<Object> words = piped(load).words(name);
    words.set(words.indexOf("50"), "23");
    Cli.Result end = Cli.on(load.database).stdin(bytes).json(words.toArray());
    Load.Traces whole = load.traces(end);
    whole.assertSameAs(expected.withFile(load.export, "stdin"));
  }

  /** The same load from standard input. */
  private static Load piped(Load load) {
    return load.from("-");
  }

  @Test
  void standardInputWithoutANameCantBeResumed() {
    Load load = new Load(Load.Kind.JOBS, folder);
    Cli.Result refused =
        Cli.on(load.database)
            .stdin("func\na\n".getBytes(StandardCharsets.UTF_8))
            .json("jobs", "-", "--resume");
    assertEquals(1, refused.status(), refused::toString);
    assertEquals(
        "pgbackfill: standard input does not tell which run it belongs to; name the run to go on"
            + " with: --run NAME --resume\n",
        refused.err());
    assertEquals(0, load.rows());
  }

  @Test
  void aPipeThatIsSilentDoesNotHoldUpAStop() throws IOException {
    Load load = new Load(Load.Kind.JOBS, folder);
    try (PipedOutputStream end = new PipedOutputStream();
        InputStream pipe = new PipedInputStream(end)) {
      end.write("func\na\n".getBytes(StandardCharsets.UTF_8));
      end.flush();
      Cli.Result stopped =
          Background.start(
                  () ->
                      Cli.on(load.database)
                          .stdin(pipe)
                          .json("jobs", "-", "--run", "p", "--max-run-time", "300ms"))
              .join();
      assertEquals(5, stopped.status(), stopped::toString);
      assertEquals("interrupted", load.state());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "uri", "keywords", "glued"})
  void theLastLineOfAStoppedRunIsTheCommandThatGoesOn(String way) throws Exception {
    Load load = new Load(Load.Kind.JOBS, folder);
    Path export = folder.resolve("it's $(date) \"five\".csv");
    var unused = Load.write(export, Load.export(Load.Kind.JOBS, 500, 3));
    int port = load.database.server().port();
    String name = load.database.name();
    List<Object> words =
        new ArrayList<>(
            switch (way) {
              case "uri" ->
                  List.of("-d", "postgresql://postgres:s3cr3t%20@localhost:" + port + "/" + name);
              case "keywords" ->
                  List.of(
                      "--dbname=password='s3cr3t ' host=localhost port="
                          + port
                          + " user=postgres dbname="
                          + name);
              case "glued" ->
                  List.of(
                      "-dhost=localhost password = s3cr3t\\  port="
                          + port
                          + " user=postgres dbname="
                          + name);
              default -> List.of("-h", "localhost", "-p", port, "-U", "postgres", "-d", name);
            });
    words.addAll(
        List.of(
            "--map",
            "kwargs=kwargs",
            "--run",
            "old name",
            "--resume",
            "--chunk-size",
            "50",
            "--max-rejects",
            "3",
            "--rejects",
            folder.resolve("rejects.csv"),
            "--progress",
            "none"));
    words.add(0, "jobs");
    words.add(export);
    Cli.Result stopped = new Cli().run(words.toArray());
    assertEquals(4, stopped.status(), stopped::toString);
    assertFalse((stopped.out() + stopped.err()).contains("s3cr3t"), stopped::toString);
    List<String> lines = stopped.out().lines().toList();
    String command = lines.get(lines.size() - 1);
    assertTrue(command.startsWith("pgbackfill jobs --run 'old name' --resume "), command);

    List<String> split = asTheShellSplits(command);
    assertEquals("pgbackfill", split.get(0));
    List<String> more = new ArrayList<>(split.subList(1, split.size()));
    more.set(more.indexOf("--max-rejects") + 1, "50%");
    Cli.Result end = new Cli().run(more.toArray());
    assertEquals(0, end.status(), end::toString);
    assertTrue(end.out().startsWith("old name: succeeded\n"), end::toString);
    assertEquals(1, load.database.number("SELECT count(*) FROM pgbackfill.run"));
  }

  private static List<String> asTheShellSplits(String command) throws Exception {
    Process shell = new ProcessBuilder("sh", "-c", "printf '%s\\n' " + command).start();
    String out = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, shell.waitFor());
    return Arrays.asList(out.split("\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://u:s3cr3t@h/db?sslmode=require",
        "postgres://u@h/db?password=s3cr3t;s3cr3t&sslmode=require",
        "jdbc:postgresql://h/db?user=u&password=s3cr3t",
        "postgresql:///db?sslpassword=s3cr3t",
        "host=h password=s3cr3t user=u",
        "PASSWORD = 's3cr3t \\' s3cr3t' user=u",
        "password=a\\ s3cr3t",
        "--dbname=password=s3cr3t user=u",
        "-dpassword=s3cr3t",
        "-Wd=password=s3cr3t"
      })
  void noPasswordIsInTheCommandThatGoesOn(String word) {
    String command = ResumeCommand.of(List.of("jobs", word, "x.csv"), "n");
    assertFalse(command.toLowerCase(Locale.ROOT).contains("s3cr3t"), command);
    assertNotEquals(word, ResumeCommand.withoutPassword(word));
  }

  @Test
  void aColumnMayBeCalledPassword() {
    assertEquals(
        "pgbackfill jobs --run n --resume --map password=pw --map=password=pw x.csv",
        ResumeCommand.of(
            List.of("jobs", "--again", "--map", "password=pw", "--map=password=pw", "x.csv"), "n"));
  }
}
