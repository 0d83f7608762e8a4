package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.WorkFolder;

/** An export that brings ids, stopped in the middle of a chunk and resumed with smaller ones. */
@Tag("database")
class ResumeWithIdsTest {
  private static final String ID = "00000000-0000-4000-8000-00000000000";

  private final TestDatabase database = TestServer.shared().database();

  @Test
  void theRepeatOfARecordThatWasInBeforeTheStopIsADuplicate(@TempDir Path path) {
    WorkFolder folder = new WorkFolder(path);
    Path export =
        folder.write(
            "contacts.csv",
            """
            id,link_id,email_address,name
            %1$s1,%2$s,a@example.com,Anna
            %1$s1,%2$s,a@example.com,Anna
            %1$s2,%2$s,b@example.com,refused
            %1$s3,%2$s,c@example.com,Clara
            %1$s4,%2$s,d@example.com,broken
            """
                .formatted(ID, "550e8400-e29b-41d4-a716-446655440000"));
    Cli.on(database)
        .run("contacts", folder.write("none.csv", "link_id,email_address\n"), "--create-table");
    database.run("ALTER TABLE email_contacts ADD CHECK (name <> 'refused')");
    // An error that is nobody's fault, and not to be tried again: internal_error.
    database.run(
        """
        CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = 'XX000'; END $$;
        CREATE TRIGGER break BEFORE INSERT ON email_contacts FOR EACH ROW
          WHEN (new.name = 'broken') EXECUTE FUNCTION break()
        """);
    Cli.Result broken = load(folder, export, "--chunk-size", "100");
    assertEquals(1, broken.status(), broken::toString);
    assertEquals(1, database.number("SELECT count(*) FROM email_contacts"), broken::toString);

    database.run("DROP TRIGGER break ON email_contacts");
    Cli.Result resumed = load(folder, export, "--chunk-size", "1", "--resume");
    assertEquals(3, resumed.status(), resumed::toString);
    assertEquals(
        List.of("inserted", "duplicate", "rejected", "inserted", "inserted"),
        folder.lines("outcomes.csv").stream().skip(1).map(line -> line.split(",", -1)[4]).toList());
    assertEquals(3, resumed.count("inserted"), resumed::toString);
    assertEquals(3, database.number("SELECT count(*) FROM email_contacts"));
  }

  private Cli.Result load(WorkFolder folder, Path export, String... how) {
    List<Object> words =
        new ArrayList<>(List.of("contacts", export, "--run", "ids", "--threads", "1", "--rejects"));
    words.addAll(List.of(folder.file("rejects.csv"), "--outcomes", folder.file("outcomes.csv")));
    words.addAll(List.of(how));
    return Cli.on(database).json(words.toArray());
  }
}
