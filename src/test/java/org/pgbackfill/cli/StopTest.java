package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Gate;
import org.pgbackfill.testkit.Wait;

/** Signals to the packaged program. */
@Tag("database")
class StopTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalEndsTheRunResumable(String signal) {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    try (Gate gate = Gate.behind(200, load.kind.table, load.database);
        Tool tool = Tool.start(load.database, folder, load.words("--run", "n").toArray())) {
      var unused = gate.awaitSomebody();
      long start = System.nanoTime();
      var unused7 = tool.signal(signal);
      gate.open();
      Cli.Result end = tool.await();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      assertEquals(5, end.status(), end::toString);
      assertTrue(end.out().startsWith("n: interrupted: asked to stop\n"), end::toString);
      assertTrue(
          end.out()
              .contains("\nWhat was loaded is in. To go on:\npgbackfill jobs --run n --resume "),
          end::toString);
      assertTrue(took.toSeconds() < 15, took::toString);
    }
    assertEquals("interrupted", load.state());
    load.traces(load.run("--run", "n", "--resume")).assertSameAs(load.undisturbed());
  }

  @Test
  void aSecondSignalEndsItAtOnceAndTheLedgerIsTrue() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    try (Gate gate = Gate.behind(200, load.kind.table, load.database);
        Tool tool = Tool.start(load.database, folder, load.words("--run", "n").toArray())) {
      var unused = gate.awaitSomebody();
      var unused7 = tool.signal("INT");
      // The chunk on its way holds it up: the gate is closed.
      Wait.until("the second one ends it", () -> tool.isDone() || tool.signal("INT").isDone());
      Cli.Result end = tool.await();
      assertEquals(5, end.status(), end::toString);
      assertEquals("", end.out(), "no time for a summary");
      assertEquals("running", load.state());
    }
    Wait.until("it is seen to be gone", () -> load.run("--run", "n", "--resume").status() == 3);
    assertEquals(load.undisturbed().table(), load.table());
  }
}
