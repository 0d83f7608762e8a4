package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;
import org.pgbackfill.testkit.TestDatabase;

/** A server takes over that lacks the last of what was committed: where the promise ends. */
@Tag("database")
class FailoverTest {
  @TempDir Path folder;

  private static Cli.Result stopInTheMiddle(Load load, int rows) {
    Cli cli = Cli.on(load.database);
    try (Gate gate = Gate.behind(rows, load.kind.table, load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run(cli, "--run", "n", "--resume"));
      var unused = gate.awaitSomebody();
      cli.stop();
      gate.open();
      return run.join();
    } finally {
      var unused = load.database.run("DROP FUNCTION gate CASCADE");
    }
  }

  @Test
  void aRunThatHadStoppedGoesOnFromAReplicaThatWasBehind() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    assertEquals(5, stopInTheMiddle(load, 300).status());
    var unused = load.database.deadlocks(); // nobody is connected any more
    TestDatabase behind = load.database.copy();
    assertEquals(5, stopInTheMiddle(load, 600).status());

    Load replica = new Load(Load.Kind.JOBS, folder, behind);
    assertTrue(replica.rows() < load.rows(), "it was behind");
    replica.traces(replica.run("--run", "n", "--resume")).assertSameAs(load.undisturbed());
  }

  @Test
  void aRunThatGoesOnDoesNotLookBackForWhatTheServerHasLost() {
    Load load = new Load(Load.Kind.JOBS, folder).generate(1000);
    Cli.Result end;
    try (Gate gate = Gate.behind(300, load.kind.table, load.database)) {
      Background<Cli.Result> run = Background.start(() -> load.run());
      var unused = gate.awaitSomebody();
      var unused2 = load.database.run("DELETE FROM pgbackfill.mark; DELETE FROM chancy_jobs");
      gate.open();
      end = run.join();
    }
    assertEquals(3, end.status(), end::toString);
    assertTrue(load.rows() < end.count("inserted"), end::toString);
  }
}
