package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rows that pass the checks and that the database refuses: found by splitting, rejected with the
 * server's words, and the rest of the chunk loads.
 */
@Tag("database")
class RefusedByDatabaseTest {
  private static final String HEADER = "link_id,email_address,name";
  private static final String NOBODY = "99999999-9999-9999-9999-999999999999";

  private Trial trial;

  @BeforeEach
  void begin(@TempDir Path folder) {
    trial = new Trial(folder);
    trial.database.run(Trial.CONTACTS);
  }

  /** Forty contacts; those at the places given have another link or name. */
  private Path export(String link, String name, int... odd) {
    List<String> lines = new ArrayList<>(List.of(HEADER));
    for (int i = 0; i < 40; i++) {
      lines.add(Trial.LINK + ",u" + i + "@example.com,U");
    }
    for (int i : odd) {
      lines.set(i + 1, link + ",u" + i + "@example.com," + name);
    }
    return trial.file("export.csv", lines.toArray(String[]::new));
  }

  private List<String> rejected() {
    return trial.told().stream().filter(told -> told.contains("rejected")).toList();
  }

  private void assertLoaded(Cli.Result result, long inserted, long rejected) {
    assertEquals(3, result.status(), result::toString);
    assertEquals(
        List.of(inserted + rejected, inserted, 0L, 0L, rejected),
        Trial.counts(result),
        result::toString);
    assertEquals(inserted, trial.database.number("SELECT count(*) FROM email_contacts"));
  }

  private void addLinks(String more) {
    trial.database.run(
        """
        CREATE TABLE links (id uuid PRIMARY KEY);
        INSERT INTO links VALUES ('%s');
        ALTER TABLE email_contacts ADD CONSTRAINT link_there FOREIGN KEY (link_id) REFERENCES links %s
        """
            .formatted(Trial.LINK, more));
  }

  /** A trigger's body; {@code NEW.name = 'bad'} is what it can tell. */
  private void addTrigger(String when, String body) {
    trial.database.run(
        """
        CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NEW; END $$;
        CREATE TRIGGER look %s ON email_contacts FOR EACH ROW EXECUTE FUNCTION look()
        """
            .formatted(body, when));
  }

  @ParameterizedTest(name = "{0} threads, chunks of {1}")
  @CsvSource({"1,1000", "1,7", "4,1000"})
  void aForeignKeyRefusesItsRowsAlone(int threads, int chunkSize) {
    addLinks("");
    Cli.Result result =
        trial.contacts(
            export(NOBODY, "U", 0, 17, 18, 39), "--threads", threads, "--chunk-size", chunkSize);
    assertLoaded(result, 36, 4);
    String reason =
        " rejected 23503: insert or update on table \"email_contacts\" violates foreign key"
            + " constraint \"link_there\"; Key (link_id)=("
            + NOBODY
            + ") is not present in table \"links\".";
    assertEquals(
        List.of(
            "export.csv:2" + reason,
            "export.csv:19" + reason,
            "export.csv:20" + reason,
            "export.csv:41" + reason),
        rejected());
    assertEquals(NOBODY + "/u0@example.com", trial.outcomes().get(0).key());
    assertEquals(
        List.of(NOBODY, "u0@example.com", "U", "export.csv", "2", reason.substring(10)),
        trial.rejects().get(1));
  }

  @Test
  void aConstraintThatIsCheckedAtCommitRefusesItsRowsAlone() {
    addLinks("DEFERRABLE INITIALLY DEFERRED");
    assertLoaded(trial.contacts(export(NOBODY, "U", 3, 30)), 38, 2);
    assertEquals(2, rejected().size());
    assertEquals("23503", rejected().get(0).substring(22, 27));
  }

  @Test
  void aCheckConstraintRefusesItsRowsAlone() {
    trial.database.run("ALTER TABLE email_contacts ADD CONSTRAINT fine CHECK (name <> 'bad')");
    Cli.Result result = trial.contacts(export(Trial.LINK, "bad", 5), "--threads", 1);
    assertLoaded(result, 39, 1);
    String told = rejected().get(0);
    String start =
        "export.csv:7 rejected 23514: new row for relation \"email_contacts\" violates check"
            + " constraint \"fine\"; Failing row contains (";
    assertEquals(start, told.substring(0, start.length()));
  }

  @Test
  void aTriggerThatRaisesRefusesItsRowsAlone() {
    addTrigger(
        "BEFORE INSERT",
        "IF NEW.name = 'bad' THEN RAISE EXCEPTION 'no % here', NEW.name"
            + " USING HINT = E'ask\\nsomebody'; END IF;");
    assertLoaded(trial.contacts(export(Trial.LINK, "bad", 8, 9)), 38, 2);
    assertEquals(
        List.of(
            "export.csv:10 rejected P0001: no bad here; ask somebody",
            "export.csv:11 rejected P0001: no bad here; ask somebody"),
        rejected());
  }

  @Test
  void aTriggerMayRaiseWhatItLikes() {
    addTrigger(
        "AFTER INSERT",
        "IF NEW.name = 'bad' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'MY001'; END IF;"
            + " ASSERT NEW.name <> 'worse', 'never';");
    Path export = export(Trial.LINK, "bad", 8);
    trial.file("more.csv", HEADER, Trial.LINK + ",v@example.com,worse");
    assertLoaded(trial.contacts(export, trial.folder.resolve("more.csv")), 39, 2);
    assertEquals(
        List.of("export.csv:10 rejected MY001: no", "more.csv:2 rejected P0004: never"),
        rejected());
  }

  @Test
  void aTriggerThatKeepsARowOutWithoutAWordIsTold() {
    addTrigger("BEFORE INSERT", "IF NEW.name = 'bad' THEN RETURN NULL; END IF;");
    assertLoaded(trial.contacts(export(Trial.LINK, "bad", 8, 20), "--threads", 1), 38, 2);
    String reason =
        " rejected neither inserted nor found in 20 tries: a trigger, a rule or row-level security"
            + " of public.email_contacts keeps it out";
    assertEquals(List.of("export.csv:10" + reason, "export.csv:22" + reason), rejected());
  }

  @Test
  void aValueThatOnlyTheColumnRefusesIsTold() {
    trial.database.run("ALTER TABLE email_contacts ALTER COLUMN name TYPE varchar(5)");
    assertLoaded(trial.contacts(export(Trial.LINK, "too long", 12)), 39, 1);
    assertEquals(
        List.of("export.csv:14 rejected 22001: value too long for type character varying(5)"),
        rejected());
  }

  @ParameterizedTest(name = "{0} threads, chunks of {1}")
  @CsvSource({"1,1000", "1,1", "1,2", "4,3"})
  void whereTheFirstOfAKeyIsRefusedTheNextHasItsTurn(int threads, int chunkSize) {
    trial.database.run("ALTER TABLE email_contacts ADD CONSTRAINT fine CHECK (name <> 'bad')");
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            Trial.LINK + ",a@example.com,bad",
            Trial.LINK + ",b@example.com,first",
            Trial.LINK + ",a@example.com,bad",
            Trial.LINK + ",A@example.com,third",
            Trial.LINK + ",b@example.com,bad",
            Trial.LINK + ",a@example.com,bad",
            Trial.LINK + ",c@example.com,bad");
    Cli.Result result = trial.contacts(export, "--threads", threads, "--chunk-size", chunkSize);
    assertEquals(List.of(7L, 2L, 0L, 2L, 3L), Trial.counts(result), result::toString);
    assertEquals(
        List.of(
            "export.csv:2 rejected",
            "export.csv:3 inserted",
            "export.csv:4 rejected",
            "export.csv:5 inserted",
            "export.csv:6 duplicate as in export.csv line 3",
            "export.csv:7 duplicate as in export.csv line 5",
            "export.csv:8 rejected"),
        trial.told().stream().map(told -> told.replaceAll(" rejected .*", " rejected")).toList());
    assertEquals(
        List.of("a@example.com|third", "b@example.com|first"),
        trial.database.rows("SELECT email_address, name FROM email_contacts ORDER BY 1"));
  }

  @Test
  void everyRowMayBeRefused() {
    trial.database.run("ALTER TABLE email_contacts ADD CONSTRAINT never CHECK (name IS NULL)");
    assertLoaded(trial.contacts(export(Trial.LINK, "U")), 0, 40);
  }

  @Test
  void jobsAreRefusedAloneAsWell() {
    trial.jobs(trial.file("none.csv", "func"));
    trial.database.run("ALTER TABLE chancy_jobs ADD CHECK (priority < 100)");
    Path export =
        trial.file(
            "jobs.csv", "func,unique_key,priority", "f,a,1", "f,,100", "f,b,101", "f,b,2", "f,,3");
    Cli.Result result = trial.jobs(export, "--threads", 2);
    assertEquals(List.of(5L, 3L, 0L, 0L, 2L), Trial.counts(result), result::toString);
    assertEquals(
        List.of("inserted", "rejected", "rejected", "inserted", "inserted"),
        trial.outcomes().stream().map(Trial.Told::outcome).toList());
    assertEquals(3, trial.database.number("SELECT count(*) FROM chancy_jobs"));
  }

  @Test
  void anErrorThatIsNotTheRowsEndsTheRun() {
    addTrigger("BEFORE INSERT", "PERFORM 1 FROM no_such_table;");
    Cli.Result result = trial.contacts(export(Trial.LINK, "U"));
    assertEquals(1, result.status(), result::toString);
    assertEquals(List.of(0L, 0L, 0L, 0L, 0L), Trial.counts(result), result::toString);
    String reason = result.field("reason");
    assertEquals(
        "42P01: relation ",
        reason.substring(reason.indexOf("42P01"), reason.indexOf("\\")),
        reason);
  }
}
