package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;
import org.pgbackfill.testkit.WorkFolder;

/** A run that is asked to stop ends in order: what it counts is what is in. */
@Tag("database")
class InterruptTest {
  private static final String LINK = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";
  private static final int RECORDS = 3_000;

  private static final TestDatabase DATABASE = TestServer.shared().database();

  @TempDir Path path;
  private WorkFolder folder;
  private Path export;

  @BeforeEach
  void makeExport() {
    DATABASE.emptied();
    folder = new WorkFolder(path);
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int i = 0; i < RECORDS; i++) {
      csv.append(LINK).append(",user").append(i).append("@example.com\n");
    }
    export = folder.write("contacts.csv", csv.toString());
    Path empty = folder.write("empty.csv", "link_id,email_address\n");
    Cli.Result made = Cli.on(DATABASE).run("contacts", empty, "--create-table");
    assertEquals(0, made.status(), made::toString);
  }

  private Object[] words(Object... more) {
    List<Object> words =
        new ArrayList<>(List.of("contacts", export, "--threads", "2", "--chunk-size", "100"));
    words.addAll(List.of("--again", "--output", "json", "--progress", "none"));
    words.addAll(List.of("--rejects", folder.file("rejects.csv")));
    words.addAll(List.of("--outcomes", folder.file("outcomes.csv")));
    words.addAll(List.of(more));
    return words.toArray();
  }

  private boolean isWaiting() {
    return DATABASE.number(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'pgbackfill %' AND wait_event_type = 'Lock'")
        > 0;
  }

  /** Holds a key of the export's first chunk, so that the load stands still. */
  private static void hold(Connection other) throws SQLException {
    other.setAutoCommit(false);
    try (Statement statement = other.createStatement()) {
      statement.execute(
          "INSERT INTO email_contacts (id, link_id, email_address) VALUES (gen_random_uuid(), '"
              + LINK
              + "', 'user0@example.com')");
    }
  }

  private void assertCountsAreWhatIsIn(Cli.Result stopped) {
    assertEquals(5, stopped.status(), stopped::toString);
    assertEquals("interrupted", stopped.field("state"));
    assertEquals("asked to stop", stopped.field("reason"));
    assertEquals(
        stopped.count("read"),
        stopped.count("inserted")
            + stopped.count("existing")
            + stopped.count("duplicate")
            + stopped.count("rejected"),
        stopped::toString);
    assertTrue(stopped.count("read") < RECORDS, stopped::toString);
    assertEquals(stopped.count("inserted"), DATABASE.number("SELECT count(*) FROM email_contacts"));
    assertEquals(stopped.count("read"), folder.lines("outcomes.csv").size() - 1);
  }

  private void assertNextLoadBringsTheRest(long there) {
    Cli.Result next = Cli.on(DATABASE).run(words());
    assertEquals(0, next.status(), next::toString);
    assertEquals(there, next.count("existing"), next::toString);
    assertEquals(RECORDS - there, next.count("inserted"), next::toString);
    assertEquals(RECORDS, DATABASE.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void stopDuringALoadLeavesWholeChunksAndTrueCounts() throws Exception {
    AtomicReference<Runnable> stop = new AtomicReference<>();
    Cli.Result stopped;
    try (Connection other = DATABASE.connect()) {
      hold(other);
      CompletableFuture<Cli.Result> load =
          CompletableFuture.supplyAsync(() -> Cli.on(DATABASE).onSignals(stop::set).run(words()));
      Wait.until("the load stands still", this::isWaiting);
      stop.get().run();
      stop.get().run(); // a second request changes nothing
      other.rollback();
      stopped = load.get(60, TimeUnit.SECONDS);
    }
    assertCountsAreWhatIsIn(stopped);
    assertTrue(stopped.count("inserted") > 0, stopped::toString);
    assertTrue(stopped.count("read") < RECORDS, stopped::toString);
    assertNextLoadBringsTheRest(stopped.count("inserted"));
  }

  // Repeated: a heartbeat may cross the end.
  @RepeatedTest(5)
  void stopBeforeTheFirstRecordLoadsNothing() {
    Cli.Result stopped = Cli.on(DATABASE).onSignals(Runnable::run).run(words());
    assertCountsAreWhatIsIn(stopped);
    assertEquals(0, stopped.count("read"));
    assertNextLoadBringsTheRest(0);
  }

  @Test
  void stopDuringRetriesIsAnInterruptionAndNoFailure() throws Exception {
    DATABASE.run(
        """
        CREATE SEQUENCE tries;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM nextval('tries');  -- is not rolled back
          RAISE EXCEPTION 'again, please' USING ERRCODE = 'serialization_failure';
        END $$;
        CREATE TRIGGER fail BEFORE INSERT ON email_contacts EXECUTE FUNCTION fail()
        """);
    AtomicReference<Runnable> stop = new AtomicReference<>();
    CompletableFuture<Cli.Result> load =
        CompletableFuture.supplyAsync(() -> Cli.on(DATABASE).onSignals(stop::set).run(words()));
    Wait.until("a fourth try", () -> DATABASE.number("SELECT last_value FROM tries") > 3);
    stop.get().run();
    Cli.Result stopped = load.get(60, TimeUnit.SECONDS);
    assertCountsAreWhatIsIn(stopped);
    assertEquals(0, stopped.count("inserted"));
    assertTrue(stopped.count("retries") > 0, stopped::toString);
    DATABASE.run("DROP TRIGGER fail ON email_contacts");
    assertNextLoadBringsTheRest(0);
  }

  @Test
  void signalStopsTheProgramItself() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-jar", "target/pgbackfill.jar"));
    export = Path.of("-");
    for (Object word : words()) {
      command.add(word.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(folder.file("err").toFile());
    builder.redirectOutput(folder.file("out").toFile());
    builder.environment().put("PGHOST", "localhost");
    builder.environment().put("PGPORT", Integer.toString(DATABASE.server().port()));
    builder.environment().put("PGUSER", "postgres");
    builder.environment().put("PGDATABASE", DATABASE.name());
    Process process = builder.start();
    try {
      feedWithoutEnd(process);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
    } finally {
      process.destroyForcibly();
    }
    Cli.Result stopped =
        new Cli.Result(
            process.exitValue(),
            String.join("\n", folder.lines("out")),
            String.join("\n", folder.lines("err")));
    assertCountsAreWhatIsIn(stopped);
    assertTrue(stopped.count("inserted") > 0, stopped::toString);
    assertEquals("", stopped.err());
  }

  /** An export that never ends: only the signal, sent on the way, can end its load. */
  private void feedWithoutEnd(Process process) throws InterruptedException {
    try (BufferedWriter in = process.outputWriter(StandardCharsets.UTF_8)) {
      in.write("link_id,email_address\n");
      boolean signalled = false;
      long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      for (int i = 0; System.nanoTime() < end; i++) {
        in.write(LINK + ",user" + i + "@example.com\n");
        if (i % 1_000 == 0) {
          in.flush();
          if (!signalled && DATABASE.number("SELECT count(*) FROM email_contacts") > 0) {
            process.destroy(); // SIGTERM
            signalled = true;
          }
        }
      }
    } catch (IOException e) {
      // nobody reads any more
    }
  }
}
