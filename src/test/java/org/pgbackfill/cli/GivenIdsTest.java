package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Gate;
import org.postgresql.PGConnection;

/** Exports that bring ids of their own. */
@Tag("database")
class GivenIdsTest {
  private static final String HEADER = "id,link_id,email_address,name";

  private Trial trial;

  @BeforeEach
  void begin(@TempDir Path folder) {
    trial = new Trial(folder);
    trial.database.run(Trial.CONTACTS);
  }

  private static String id(int number) {
    return new UUID(0xABCDL << 48, number).toString();
  }

  private static String contact(int id, String address, String name) {
    return Trial.line(id(id), Trial.LINK, address, name);
  }

  @ParameterizedTest(name = "{0} threads, chunks of {1}")
  @CsvSource({"1,1000", "1,1", "2,3", "8,2"})
  void repeatsAreDuplicatesAndWhatWasThereIsExisting(int threads, int chunkSize) {
    trial.database.run(
        "INSERT INTO email_contacts (id, link_id, email_address) VALUES ('%s', '%s', 'there@example.com')"
            .formatted(id(100), Trial.LINK));
    List<String> lines = new ArrayList<>(List.of(HEADER));
    lines.add(contact(1, "a@example.com", "A"));
    lines.add(contact(2, "there@example.com", "other id than the row"));
    lines.add(contact(1, "a@example.com", "same id and key"));
    lines.add(contact(3, "b@example.com", "B"));
    lines.add(contact(4, "a@example.com", "same key and other id"));
    lines.add(contact(100, "there@example.com", "the row itself"));
    lines.add("," + Trial.LINK + ",c@example.com,no id");
    lines.add("," + Trial.LINK + ",c@example.com,no id again");
    Path one = trial.file("one.csv", lines.toArray(String[]::new));
    Path two = trial.file("two.csv", HEADER, contact(3, "B@example.com", "again"));

    Cli.Result result = trial.contacts(one, two, "--threads", threads, "--chunk-size", chunkSize);

    assertEquals(0, result.status(), result::toString);
    assertEquals(List.of(9L, 3L, 2L, 4L, 0L), Trial.counts(result), result::toString);
    List<Trial.Told> told = trial.outcomes();
    assertEquals(
        List.of(
            "inserted",
            "existing",
            "duplicate",
            "inserted",
            "duplicate",
            "existing",
            "inserted",
            "duplicate",
            "duplicate"),
        told.stream().map(Trial.Told::outcome).toList());
    List<String> ids = new ArrayList<>(told.stream().map(Trial.Told::id).toList());
    String derived = ids.get(6);
    assertEquals(
        List.of(id(1), id(100), id(1), id(3), id(1), id(100), derived, derived, id(3)), ids);
    assertEquals(
        List.of("a@example.com|A", "b@example.com|B", "c@example.com|no id", "there@example.com|~"),
        trial.database.rows("SELECT email_address, name FROM email_contacts ORDER BY 1"));
    for (Trial.Told record : told) {
      // Where another chunk has the first record, its place is not always known.
      if (record.outcome().equals("duplicate") && !record.detail().isEmpty()) {
        String first = record.id().equals(id(1)) ? "2" : record.id().equals(id(3)) ? "5" : "8";
        assertEquals("as in one.csv line " + first, record.detail());
      }
    }
  }

  @Test
  void aRepeatOfARowThatAnotherProgramHasUpdatedMeanwhileIsExisting() {
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            contact(1, "a@example.com", "A"),
            contact(2, "b@example.com", "B"),
            contact(3, "c@example.com", "C"),
            contact(1, "a@example.com", "A"),
            contact(2, "b@example.com", "B"));
    Cli.Result end;
    try (Gate gate = Gate.behind(2, "email_contacts", trial.database)) {
      Background<Cli.Result> run =
          Background.start(() -> trial.contacts(export, "--threads", 1, "--chunk-size", 1));
      var unused = gate.awaitSomebody();
      trial.database.run(
          "UPDATE email_contacts SET name = 'Ann' WHERE email_address = 'a@example.com'");
      gate.open();
      end = run.join();
    }
    assertEquals(0, end.status(), end::toString);
    assertEquals(
        List.of("inserted", "inserted", "inserted", "existing", "duplicate"),
        trial.outcomes().stream().map(Trial.Told::outcome).toList());
  }

  @Test
  void anotherKeyWithAnIdThatIsTakenIsRejected() {
    trial.database.run(
        "INSERT INTO email_contacts (id, link_id, email_address) VALUES ('%s', '%s', 'there@example.com')"
            .formatted(id(100), Trial.LINK));
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            contact(1, "a@example.com", "A"),
            contact(100, "other@example.com", "the row's id"),
            contact(1, "z@example.com", "an earlier record's id"),
            contact(2, "b@example.com", "B"));
    Cli.Result result = trial.contacts(export, "--threads", 1);
    assertEquals(3, result.status(), result::toString);
    assertEquals(List.of(4L, 2L, 0L, 0L, 2L), Trial.counts(result), result::toString);
    String reason =
        " rejected 23505: duplicate key value violates unique constraint \"email_contacts_pkey\";"
            + " Key (id)=(%s) already exists.";
    assertEquals(
        List.of(
            "export.csv:2 inserted",
            "export.csv:3" + reason.formatted(id(100)),
            "export.csv:4" + reason.formatted(id(1)),
            "export.csv:5 inserted"),
        trial.told());
  }

  @ParameterizedTest(name = "{0} threads, chunks of {1}")
  @CsvSource({"1,1000", "1,7", "4,5"})
  void anExportOfTheTableItselfIsAllThere(int threads, int chunkSize) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      lines.add(contact(i, "u" + i + "@example.com", "U" + i));
    }
    Collections.shuffle(lines, new Random(4));
    lines.add(0, HEADER);
    Path export = trial.file("export.csv", lines.toArray(String[]::new));
    Object[] words = {export, "--threads", threads, "--chunk-size", chunkSize, "--again"};
    assertEquals(List.of(60L, 60L, 0L, 0L, 0L), Trial.counts(trial.contacts(words)));
    assertEquals(List.of(60L, 0L, 60L, 0L, 0L), Trial.counts(trial.contacts(words)));
    trial.database.run("DELETE FROM email_contacts WHERE id < '%s'".formatted(id(20)));
    assertEquals(List.of(60L, 20L, 40L, 0L, 0L), Trial.counts(trial.contacts(words)));
  }

  @Test
  void anExportOfTheQueuesOwnTableLoadsAsItIsAndAgain() throws Exception {
    trial.jobs(
        trial.file(
            "jobs.csv",
            "func,unique_key,kwargs",
            "f,one,\"{\"\"a\"\": \"\"x,y\"\"}\"",
            "f,,",
            "g,two,"));
    trial.database.run(
        "UPDATE chancy_jobs SET state = 'succeeded', completed_at = now(), started_at = now(),"
            + " attempts = 1, taken_by = 'w' WHERE unique_key = 'two'");
    Path export = trial.folder.resolve("export.csv");
    try (var connection = trial.database.connect();
        var out = Files.newOutputStream(export)) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut(
              "COPY (SELECT * FROM chancy_jobs ORDER BY id) TO STDOUT (FORMAT csv, HEADER)", out);
    }
    List<String> before = trial.database.rows("SELECT * FROM chancy_jobs ORDER BY id");

    Cli.Result again = trial.jobs(export);
    assertEquals(List.of(3L, 0L, 3L, 0L, 0L), Trial.counts(again), again::toString);
    trial.database.run("DELETE FROM chancy_jobs");
    Cli.Result fresh = trial.jobs(export, export, "--threads", 2, "--chunk-size", 1, "--again");
    assertEquals(List.of(6L, 3L, 0L, 3L, 0L), Trial.counts(fresh), fresh::toString);
    assertEquals(before, trial.database.rows("SELECT * FROM chancy_jobs ORDER BY id"));
  }
}
