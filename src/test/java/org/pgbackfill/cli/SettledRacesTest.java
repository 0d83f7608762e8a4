package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * Another program has a key between a run's read and its insert; the test steps it. Whatever it
 * does then, each record comes to its outcome.
 */
@Tag("database")
class SettledRacesTest {
  private static final String LINK = "c0ffee00-0000-4000-8000-000000000001";
  private static final String A = "a@example.com";
  private static final String K = "k@example.com";
  private static final String Z = "z@example.com";

  /** The same text is the key of either; contacts are all of one link. */
  enum Command {
    CONTACTS(
        "link_id,email_address",
        LINK + ",",
        "INSERT INTO email_contacts (id, link_id, email_address) VALUES (?, '" + LINK + "', ?)",
        "DELETE FROM email_contacts WHERE id = ?",
        "SELECT id FROM email_contacts ORDER BY email_address"),
    JOBS(
        "func,unique_key",
        "app.sync,",
        "INSERT INTO chancy_jobs (id, queue, func, unique_key) VALUES (?, 'q', 'app.sync', ?)",
        "UPDATE chancy_jobs SET state = 'succeeded', completed_at = now() WHERE id = ?",
        "SELECT id FROM chancy_jobs WHERE state = 'pending' ORDER BY unique_key");

    private final String header;
    private final String before;
    private final String insert;
    private final String free;
    private final String ids;

    Command(String header, String before, String insert, String free, String ids) {
      this.header = header;
      this.before = before;
      this.insert = insert;
      this.free = free;
      this.ids = ids;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    String csv(String... keys) {
      return header
          + List.of(keys).stream().map(key -> "\n" + before + key).collect(Collectors.joining());
    }
  }

  private final TestDatabase database = TestServer.shared().database();
  private final UUID other = UUID.randomUUID();

  @TempDir private Path folder;

  /** A table with a trigger for each row is loaded by INSERT alone, which goes on after a wait. */
  private void refuseCopy(Command command) {
    database.run(
        """
        CREATE FUNCTION as_it_is() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER as_it_is BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION as_it_is()
        """
            .formatted(command == Command.CONTACTS ? "email_contacts" : "chancy_jobs"));
  }

  @ParameterizedTest
  @EnumSource
  void aKeyCommittedWhileTheInsertWaitsIsExistingWithItsId(Command command) {
    createTable(command);
    try (Session session = Session.open(database)) {
      session.run(command.insert, other, K);
      Background<Loaded> load = start(command, Z, K, A);
      session.awaitBlocked(1);
      session.commit();
      Loaded loaded = load.join();
      assertEquals(List.of("inserted", "existing", "inserted"), loaded.outcomes());
      assertReferences(command, loaded);
      assertEquals(other.toString(), loaded.ids().get(1));
    }
    assertEquals(0, database.deadlocks());
  }

  @ParameterizedTest
  @EnumSource
  void aKeyRolledBackWhileTheInsertWaitsIsInserted(Command command) {
    createTable(command);
    try (Session session = Session.open(database)) {
      session.run(command.insert, other, K);
      Background<Loaded> load = start(command, Z, K, A);
      session.awaitBlocked(1);
      session.rollback();
      Loaded loaded = load.join();
      assertEquals(List.of("inserted", "inserted", "inserted"), loaded.outcomes());
      assertReferences(command, loaded);
    }
  }

  /** The insert steps over the key, and when the run reads again the key is free. */
  @ParameterizedTest
  @EnumSource
  void aKeyThatComesAndGoesIsInserted(Command command) {
    createTable(command);
    refuseCopy(command);
    try (Session session = Session.open(database);
        Session further = Session.open(database)) {
      session.run(command.insert, other, K);
      further.run(command.insert, UUID.randomUUID(), Z);
      Background<Loaded> load = start(command, Z, K, A);
      session.awaitBlocked(1);
      session.commit();
      further.awaitBlocked(1); // the insert has K behind it
      session.run(command.free, other);
      session.commit();
      further.rollback();
      Loaded loaded = load.join();
      assertEquals(List.of("inserted", "inserted", "inserted"), loaded.outcomes());
      assertReferences(command, loaded);
    }
  }

  /**
   * A second pass inside the same transaction would hold Z while it waits for K, and another
   * program that goes from K to Z would close the circle.
   */
  @ParameterizedTest
  @EnumSource
  void whatIsLeftOverIsInsertedByATransactionThatHoldsNothingElse(Command command) {
    createTable(command);
    refuseCopy(command);
    try (Session session = Session.open(database);
        Session further = Session.open(database)) {
      session.run(command.insert, other, K);
      further.run(command.insert, UUID.randomUUID(), Z);
      Background<Loaded> load = start(command, Z, K, A);
      session.awaitBlocked(1);
      session.commit();
      further.awaitBlocked(1);
      session.run(command.free, other);
      session.commit();
      session.run(command.insert, UUID.randomUUID(), K);
      further.rollback();
      session.awaitBlocked(1); // Z is in, and the next transaction asks for K
      assertNull(session.attempt(command.insert + " ON CONFLICT DO NOTHING", UUID.randomUUID(), Z));
      session.rollback();
      Loaded loaded = load.join();
      assertEquals(List.of("inserted", "inserted", "inserted"), loaded.outcomes());
      assertReferences(command, loaded);
    }
    assertEquals(0, database.deadlocks());
  }

  /** Between the insert's two looks at one key. */
  @ParameterizedTest
  @EnumSource
  void aKeyThatIsFreedBeforeItsCommitIsInserted(Command command) {
    createTable(command);
    try (Session session = Session.open(database)) {
      session.run(command.insert, other, K);
      Background<Loaded> load = start(command, K, A);
      session.awaitBlocked(1);
      session.run(command.free, other);
      session.commit();
      Loaded loaded = load.join();
      assertEquals(List.of("inserted", "inserted"), loaded.outcomes());
      assertReferences(command, loaded);
    }
  }

  /** A job that is about to finish is active until its worker commits; nobody waits for that. */
  @Test
  void aJobWhoseWorkerHasNotCommittedItsEndIsExistingAtOnce() {
    createTable(Command.JOBS);
    Loaded first = start(Command.JOBS, K).join();
    try (Session worker = Session.open(database)) {
      worker.run(Command.JOBS.free, UUID.fromString(first.ids().get(0)));
      Loaded second = start(Command.JOBS, K, A).join();
      assertEquals(List.of("existing", "inserted"), second.outcomes());
      assertEquals(first.ids().get(0), second.ids().get(0));
      worker.commit();
    }
    Loaded third = start(Command.JOBS, K).join();
    assertEquals(List.of("inserted"), third.outcomes());
    assertReferences(Command.JOBS, start(Command.JOBS, K, A).join());
  }

  /** The key's next holder, and not the one that finished, is the reference. */
  @Test
  void aJobThatFinishesAndIsPushedAgainByAnotherIsExistingWithTheNewId() {
    createTable(Command.JOBS);
    UUID next = UUID.randomUUID();
    try (Session session = Session.open(database)) {
      session.run(Command.JOBS.insert, other, K);
      Background<Loaded> load = start(Command.JOBS, K);
      session.awaitBlocked(1);
      session.run(Command.JOBS.free, other);
      session.run(Command.JOBS.insert, next, K);
      session.commit();
      Loaded loaded = load.join();
      assertEquals(List.of("existing"), loaded.outcomes());
      assertEquals(List.of(next.toString()), loaded.ids());
    }
  }

  private void createTable(Command command) {
    Cli.Result made =
        Cli.on(database)
            .stdin(command.header.getBytes(StandardCharsets.UTF_8))
            .json(command.word(), "-", "--create-table");
    assertEquals(0, made.status(), made::toString);
  }

  /** How a load went, record by record. */
  private record Loaded(List<String> outcomes, List<String> ids) {}

  private Background<Loaded> start(Command command, String... keys) {
    return Background.start(
        () -> {
          Path file = folder.resolve("outcomes.csv");
          Cli.Result result =
              Cli.on(database)
                  .stdin(command.csv(keys).getBytes(StandardCharsets.UTF_8))
                  .json(command.word(), "-", "--threads", 1, "--outcomes", file);
          assertEquals(0, result.status(), result::toString);
          assertEquals(0, result.count("retries"), result::toString);
          Records outcomes = Records.read(file);
          return new Loaded(outcomes.column("outcome"), outcomes.column("id"));
        });
  }

  /** The rows in the order of their keys, which is here the records' order from behind. */
  private void assertReferences(Command command, Loaded loaded) {
    List<String> ids = new ArrayList<>(loaded.ids());
    Collections.reverse(ids);
    assertEquals(database.rows(command.ids), ids);
  }
}
