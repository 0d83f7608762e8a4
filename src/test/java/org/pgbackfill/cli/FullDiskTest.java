package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.SmallDisk;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/**
 * The disk of the tables, the ledger's among them, is really full: SQLSTATE 53100. Where the disk
 * of the server's own log fills up, the server goes down instead: that is the crash, and tested as
 * one.
 */
@Tag("database")
class FullDiskTest {
  private static final int RECORDS = 4000;

  /** Enough for the ledger's tables and some of the rows. */
  private static final long LITTLE = 1 << 20;

  private static final long PLENTY = 64 << 20;

  @TempDir Path folder;

  private static TestDatabase on(SmallDisk disk, TestServer server) {
    var unused = server.database().run("CREATE TABLESPACE small LOCATION '" + disk.path() + "'");
    return server.database("TABLESPACE small");
  }

  @ParameterizedTest
  @EnumSource
  void aDiskThatStaysFullEndsTheRunAndWithRoomTheLastLinesCommandGoesOn(Load.Kind kind) {
    try (SmallDisk disk = SmallDisk.mount(folder.resolve("disk"));
        TestServer server = TestServer.start(Map.of())) {
      Load load = new Load(kind, folder, on(disk, server)).generate(RECORDS);
      disk.leave(LITTLE);
      Cli.Result end = load.run("--run", "n", "--retry-time", "1s");
      assertEquals(1, end.status(), end::toString);
      assertTrue(
          end.err()
              .matches(
                  "(?s).*\npgbackfill: pgbackfill n lane-\\d: gave up after \\d s and \\d+ retries:"
                      + " 53100: could not extend file [^\n]*: No space left on device;[^\n]*\n"),
          end::toString);
      assertTrue(end.count("inserted") > 100, end::toString);
      assertEquals(end.count("inserted"), load.rows(), end::toString);
      assertEquals("failed", load.state());
      Cli.Result runs = Cli.on(load.database).run("runs", "n");
      assertTrue(runs.out().matches("(?s).*\nn +\\w+ +failed .* 53100: .*"), runs::toString);

      disk.leave(PLENTY);
      List<String> command = Arrays.asList(end.field("resume").split(" ", -1));
      assertEquals("pgbackfill", command.get(0));
      Object[] words = command.subList(1, command.size()).toArray();
      load.traces(Cli.on(load.database).run(words)).assertSameAs(load.undisturbed());
    }
  }

  @Test
  void aDiskThatHasRoomAgainInTimeIsWaitedFor() {
    try (SmallDisk disk = SmallDisk.mount(folder.resolve("disk"));
        TestServer server = TestServer.start(Map.of())) {
      Load load = new Load(Load.Kind.JOBS, folder, on(disk, server)).generate(RECORDS);
      disk.leave(LITTLE);
      Background<Cli.Result> run = Background.start(() -> load.run());
      Wait.until(
          "the heartbeat tells of retries",
          () ->
              load.database.number(
                          "SELECT count(*) FROM pg_tables WHERE schemaname = 'pgbackfill' AND"
                              + " tablename = 'run'")
                      == 1
                  && load.database.number("SELECT coalesce(sum(retries), 0) FROM pgbackfill.run")
                      > 0);
      disk.leave(PLENTY);
      Cli.Result end = run.join();
      load.traces(end).assertSameAs(load.undisturbed());
      assertTrue(
          end.err().contains(": retry 1 after 53100: could not extend file "), end::toString);
    }
  }
}
