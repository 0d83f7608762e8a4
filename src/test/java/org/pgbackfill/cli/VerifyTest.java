package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.Wait;

/** Verify finds what is not as the export has it, and nothing else. */
@Tag("database")
class VerifyTest {
  private static final String CONTACTS =
      "id,link_id,email_address,name,original_photo_url,sfs_photo_url,created_at,updated_at";
  private static final String TIME = "2026-03-04 05:06:07.123456+00";

  private Trial trial;
  private Path folder;

  @BeforeEach
  void begin(@TempDir Path path) {
    folder = path;
    trial = new Trial(path);
  }

  private static String id(int number) {
    return new UUID(0xABCDL << 48, number).toString();
  }

  private static String contact(int number) {
    return Trial.line(
        id(number),
        Trial.LINK,
        "Person" + number + "@Example.com",
        "Name " + number,
        "https://photos.example/" + number,
        "sfs://" + number,
        TIME,
        TIME);
  }

  private static String address(int number) {
    return "person" + number + "@example.com";
  }

  private Path loaded(int contacts) {
    List<String> lines = new ArrayList<>(List.of(CONTACTS));
    for (int i = 0; i < contacts; i++) {
      lines.add(contact(i));
    }
    Path export = trial.file("contacts.csv", lines.toArray(String[]::new));
    Cli.Result load = trial.contacts(export);
    assertEquals(0, load.status(), load::toString);
    return export;
  }

  private Cli.Result verify(Object... words) {
    List<Object> all = new ArrayList<>(List.of("verify"));
    all.addAll(List.of(words));
    all.addAll(List.of("--differences", folder.resolve("differences.csv"), "--sort-memory", 1));
    Cli.Result result = Cli.on(trial.database).json(all.toArray());
    if (result.out().startsWith("{")) {
      long told = 0;
      for (String kind : KINDS) {
        told += result.count(kind);
      }
      assertEquals(result.count("read"), told, result::toString);
    }
    return result;
  }

  private static final List<String> KINDS =
      List.of(
          "present", "missing", "differing", "finished", "duplicate", "rejected", "unverifiable");

  /** Counts in the order of {@link #KINDS}. */
  private static List<Long> counts(Cli.Result result) {
    return KINDS.stream().map(result::count).toList();
  }

  /** Line, finding, column, expected and found. */
  private List<String> differences() {
    return Trial.records(folder.resolve("differences.csv")).stream()
        .skip(1)
        .map(r -> String.join("|", r.get(1), r.get(4), r.get(5), r.get(6), r.get(7)))
        .sorted()
        .toList();
  }

  private void update(int number, String set) {
    trial.database.run(
        "UPDATE email_contacts SET " + set + " WHERE email_address = '" + address(number) + "'");
  }

  @ParameterizedTest
  @EnumSource
  void whatWasLoadedIsAllThere(Load.Kind kind) {
    Load load = new Load(kind, folder, trial.database).generate(12_000);
    Cli.Result loaded = load.run();
    assertEquals(3, loaded.status(), loaded::toString);
    Cli.Result result = verify(kind.command, load.export);
    assertEquals(3, result.status(), result::toString);
    assertEquals("all_there", result.field("verdict"));
    assertEquals(loaded.count("read"), result.count("read"));
    assertEquals(loaded.count("rejected"), result.count("rejected"), result::toString);
    assertEquals(loaded.count("duplicate"), result.count("duplicate"), result::toString);
    assertEquals(
        loaded.count("inserted"),
        result.count("present") + result.count("unverifiable"),
        result::toString);
    assertTrue(kind == Load.Kind.JOBS || result.count("unverifiable") == 0, result::toString);
  }

  /** Over more records than are sorted in memory, exactly what was planted. */
  @Test
  void eachKindOfDifferenceInContactsIsFoundAndNothingElse() {
    int count = 9_000;
    Path export = loaded(count);
    assertEquals(0, verify("contacts", export).status());
    assertEquals(List.of(), differences());

    trial.database.run(
        "DELETE FROM email_contacts WHERE email_address IN ('%s', '%s')"
            .formatted(address(10), address(8_999)));
    update(20, "name = 'Name 20 '");
    update(21, "name = NULL");
    update(22, "original_photo_url = original_photo_url || '?'");
    update(23, "sfs_photo_url = upper(sfs_photo_url)");
    update(24, "created_at = created_at + interval '1 microsecond'");
    update(25, "updated_at = 'infinity', name = 'two columns'");
    update(26, "id = '%s'".formatted(id(1_000_026)));
    // Not the export's: other links' rows with its addresses, and more rows of its link.
    trial.database.run(
        """
        INSERT INTO email_contacts (id, link_id, email_address, name)
        SELECT gen_random_uuid(), '%s'::uuid, email_address, 'other' FROM email_contacts
        UNION ALL
        SELECT gen_random_uuid(), '%s'::uuid, 'more' || n || '@example.com', 'more'
        FROM generate_series(1, 2000) n
        """
            .formatted(Trial.OTHER, Trial.LINK));
    long rows = trial.database.number("SELECT count(*) FROM email_contacts");
    assertTrue(rows > count, "a comparison of counts would have passed it: " + rows);

    Cli.Result result = verify("contacts", export);

    assertEquals(6, result.status(), result::toString);
    assertEquals("not_all_there", result.field("verdict"));
    assertEquals(List.of(count - 9L, 2L, 7L, 0L, 0L, 0L, 0L), counts(result), result::toString);
    assertEquals(
        List.of(
            "12|missing|||",
            "22|differing|name|Name 20|Name 20 ",
            "23|differing|name|Name 21|",
            "24|differing|original_photo_url|https://photos.example/22|https://photos.example/22?",
            "25|differing|sfs_photo_url|sfs://23|SFS://23",
            "26|differing|created_at|" + TIME + "|2026-03-04 05:06:07.123457+00",
            "27|differing|name|Name 25|two columns",
            "27|differing|updated_at|" + TIME + "|infinity",
            "28|differing|id|" + id(26) + "|" + id(1_000_026),
            "9001|missing|||"),
        differences().stream().sorted((a, b) -> compare(a, b)).toList());
    assertTrue(
        result
            .out()
            .contains(
                "\"differing_by_column\":{\"created_at\":1,\"id\":1,\"name\":3,"
                    + "\"original_photo_url\":1,\"sfs_photo_url\":1,\"updated_at\":1}"),
        result::toString);
  }

  private static int compare(String a, String b) {
    long lines =
        Long.parseLong(a.substring(0, a.indexOf('|')))
            - Long.parseLong(b.substring(0, b.indexOf('|')));
    return lines == 0 ? a.compareTo(b) : Long.signum(lines);
  }

  /** The controls: before the load it is not, nor as an export that has changed nothing. */
  @ParameterizedTest
  @EnumSource(names = {"FILL", "OVERWRITE"})
  void whatALoadHasChangedIsAllThereInItsMode(OnExisting mode) {
    Load load = new Load(Load.Kind.CONTACTS, folder, trial.database).generate(12_000);
    var unused = load.run();
    trial.database.run(
        "UPDATE email_contacts SET name = CASE WHEN hashtext(email_address) % 2 = 0 THEN 'else'"
            + " END");
    Object[] words = {"contacts", load.export, "--on-existing", mode.word()};
    assertEquals(6, verify(words).status());

    Cli.Result loaded = load.run("--on-existing", mode.word());
    assertEquals(3, loaded.status(), loaded::toString);
    Cli.Result result = verify(words);

    assertEquals(3, result.status(), result::toString);
    assertEquals("all_there", result.field("verdict"));
    assertEquals(load.rows(), result.count("present"), result::toString);
    assertEquals(loaded.count("rejected"), result.count("rejected"), result::toString);
    assertEquals(6, verify("contacts", load.export).status());
  }

  /** Of several records with one key each tells of the columns that its file has. */
  @Test
  void whatIsNotAsItWasOverwrittenOrFilledIsFoundAndNothingElse() {
    trial.contacts(
        trial.file(
            "before.csv",
            "link_id,email_address,name,sfs_photo_url",
            Trial.line(Trial.LINK, address(1), "before", "before"),
            Trial.line(Trial.LINK, address(3), "before", "before")));
    Path one =
        trial.file(
            "one.csv",
            "id,link_id,email_address,name,original_photo_url,created_at",
            Trial.line(id(0), Trial.LINK, address(0), "Name 0", "p0", TIME),
            Trial.line(id(1), Trial.LINK, address(1), "Name 1", "", TIME),
            Trial.line(id(2), Trial.LINK, address(1), "", "p1", TIME),
            Trial.line(id(3), Trial.LINK, address(2), "", "p2", TIME));
    Path other =
        trial.file(
            "other.csv",
            "link_id,email_address,sfs_photo_url",
            Trial.line(Trial.LINK, address(2), "s2"),
            Trial.line(Trial.LINK, address(3), ""));
    assertEquals(
        0,
        Cli.on(trial.database).run("contacts", one, other, "--on-existing", "overwrite").status());
    Object[] overwritten = {"contacts", one, other, "--on-existing", "overwrite"};
    Object[] filled = {"contacts", one, other, "--on-existing", "fill"};
    assertEquals(List.of(4L, 0L, 0L, 0L, 2L, 0L, 0L), counts(verify(overwritten)));

    update(0, "name = NULL, id = gen_random_uuid(), created_at = now()");
    update(1, "name = 'after', sfs_photo_url = 'after'");
    update(2, "name = 'after', original_photo_url = NULL, sfs_photo_url = NULL");
    update(3, "name = 'after', sfs_photo_url = 'after'");

    assertEquals(List.of(0L, 0L, 4L, 0L, 2L, 0L, 0L), counts(verify(overwritten)));
    assertEquals(
        List.of(
            "2|differing|name|Name 0|",
            "2|differing|name||after",
            "2|differing|original_photo_url|p2|",
            "2|differing|sfs_photo_url|s2|",
            "3|differing|sfs_photo_url||after",
            "4|differing|name||after"),
        differences());
    assertEquals(List.of(2L, 0L, 2L, 0L, 2L, 0L, 0L), counts(verify(filled)));
    assertEquals(
        List.of(
            "2|differing|name|Name 0|",
            "2|differing|original_photo_url|p2|",
            "2|differing|sfs_photo_url|s2|"),
        differences());
    Cli.Result text =
        Cli.on(trial.database).run("verify", "contacts", one, other, "--on-existing", "overwrite");
    assertTrue(
        text.out()
            .contains(
                "other.csv line 3: "
                    + Trial.LINK
                    + "/"
                    + address(3)
                    + ": sfs_photo_url: expected nothing, found \"after\""),
        text::toString);
    assertTrue(
        text.out().contains("duplicate                2  the last record of the key counts"),
        text::toString);
  }

  /** As the load does: an empty field can't make it NULL. */
  @Test
  void anEmptyFieldSaysNothingOfAColumnThatIsNeverNull() {
    Path export = loaded(2);
    trial.database.run("ALTER TABLE email_contacts ALTER name SET NOT NULL");
    Path empty =
        trial.file(
            "empty.csv",
            "link_id,email_address,name",
            Trial.line(Trial.LINK, address(0), ""),
            Trial.line(Trial.LINK, address(1), "Name 1"),
            Trial.line(Trial.LINK, address(1), ""));
    Object[] words = {"contacts", empty, "--on-existing", "overwrite"};
    assertEquals(0, verify(words).status());
    update(1, "name = 'else'");
    assertEquals(6, verify(words).status());
    assertEquals(List.of("3|differing|name|Name 1|else"), differences());
    assertEquals(6, verify("contacts", export).status());
  }

  @Test
  void whatIsTheSameInOtherWordsIsNoDifference() {
    var unused = loaded(3);
    Path same =
        trial.file(
            "same.csv",
            "link_id,email_address,name,created_at,updated_at",
            Trial.line(
                "{" + Trial.LINK.toUpperCase(java.util.Locale.ROOT) + "}",
                "  PERSON0@example.COM ",
                "Name 0",
                "2026-03-04T07:06:07.123456+02:00",
                "2026-03-04 00:06:07.123456-05"),
            Trial.line(Trial.LINK, address(1), "", "", ""),
            Trial.line(Trial.LINK, address(0), "a repeat: the first one counts", "", ""));
    Cli.Result result = verify("contacts", same);
    assertEquals(0, result.status(), result::toString);
    assertEquals(List.of(2L, 0L, 0L, 0L, 1L, 0L, 0L), counts(result));
  }

  @Test
  void jobsAreComparedByTheMeaningOfTheirColumns() {
    String header = "func,queue,unique_key,kwargs,limits,meta,priority,scheduled_at";
    Path export =
        trial.file(
            "jobs.csv",
            header,
            "f,q,same,\"{\"\"a\"\": 1, \"\"b\"\": [1.0, 2]}\",[],{},5," + TIME,
            "f,q,kwargs,\"{\"\"a\"\": 1}\",,,5,",
            "f,q,limits,,\"[{\"\"t\"\": \"\"time\"\", \"\"v\"\": 1}]\",,5,",
            "f,q,meta,,,\"{\"\"m\"\": null}\",5,",
            "f,q,priority,,,,5,",
            "f,q,scheduled,,,,5," + TIME,
            "f,q,func,,,,5,",
            "f,q,queue,,,,5,",
            "f,q,gone,,,,5,",
            "f,q,finished,,,,5,",
            "f,q,taken,,,,5,",
            "f,q,,,,,5,",
            "f,q,bad,{,,,5,");
    Cli.Result load = trial.jobs(export);
    assertEquals(3, load.status(), load::toString);
    trial.database.run(
        """
        UPDATE chancy_jobs SET kwargs = '{"b": [1, 2.00], "a": 1.0}' WHERE unique_key = 'same';
        UPDATE chancy_jobs SET kwargs = '{"a": "1"}' WHERE unique_key = 'kwargs';
        UPDATE chancy_jobs SET limits = '[]' WHERE unique_key = 'limits';
        UPDATE chancy_jobs SET meta = '{}' WHERE unique_key = 'meta';
        UPDATE chancy_jobs SET priority = 6 WHERE unique_key = 'priority';
        UPDATE chancy_jobs SET scheduled_at = scheduled_at + interval '1 h' WHERE unique_key = 'scheduled';
        UPDATE chancy_jobs SET func = 'F' WHERE unique_key = 'func';
        UPDATE chancy_jobs SET queue = 'q2' WHERE unique_key = 'queue';
        DELETE FROM chancy_jobs WHERE unique_key = 'gone';
        UPDATE chancy_jobs SET state = 'succeeded' WHERE unique_key = 'finished';
        UPDATE chancy_jobs SET state = 'running', attempts = 1, taken_by = 'w' WHERE unique_key = 'taken';
        """);
    List<String> differing =
        List.of(
            "3|differing|kwargs|{\"a\": 1}|{\"a\": \"1\"}",
            "4|differing|limits|[{\"t\": \"time\", \"v\": 1}]|[]",
            "5|differing|meta|{\"m\": null}|{}",
            "6|differing|priority|5|6",
            "7|differing|scheduled_at|" + TIME + "|2026-03-04 06:06:07.123456+00",
            "8|differing|func|f|F",
            "9|differing|queue|q|q2",
            "10|missing|||");
    List<String> others =
        List.of(
            "13|unverifiable|||",
            "14|rejected|||kwargs \"{\" is not JSON: Unexpected end-of-input: expected close marker"
                + " for Object");

    Cli.Result result = verify("jobs", export);
    assertEquals(6, result.status(), result::toString);
    assertEquals(List.of(2L, 2L, 7L, 0L, 0L, 1L, 1L), counts(result), result::toString);
    assertTrue(differences().contains("11|missing|||"), () -> differences().toString());

    Cli.Result looked = verify("jobs", export, "--finished");
    assertEquals(6, looked.status(), looked::toString);
    assertEquals(List.of(2L, 1L, 7L, 1L, 0L, 1L, 1L), counts(looked), looked::toString);
    List<String> expected = new ArrayList<>(differing);
    expected.addAll(others);
    assertEquals(expected, differences().stream().sorted(VerifyTest::compare).toList());
  }

  /** With ids a finished job is found by an index, and so is one that has no key. */
  @Test
  void jobsWithIdsAreLookedForByThem() {
    Path export =
        trial.file(
            "jobs.csv",
            "id,func,unique_key,state",
            id(1) + ",f,a,pending",
            id(2) + ",f,,pending",
            id(3) + ",f,c,pending",
            id(4) + ",f,d,succeeded",
            id(5) + ",f,e,pending",
            id(5) + ",f,e,running",
            id(6) + ",f,f,pending");
    Cli.Result load = trial.jobs(export);
    assertEquals(0, load.status(), load::toString);
    trial.database.run(
        """
        UPDATE chancy_jobs SET state = 'failed', attempts = 1 WHERE unique_key = 'a';
        UPDATE chancy_jobs SET id = '%s' WHERE unique_key = 'c';
        DELETE FROM chancy_jobs WHERE unique_key = 'f';
        """
            .formatted(id(33)));
    Cli.Result result = verify("jobs", export);
    assertEquals(6, result.status(), result::toString);
    assertEquals(List.of(3L, 1L, 1L, 1L, 1L, 0L, 0L), counts(result), result::toString);
    assertEquals(List.of("4|differing|id|" + id(3) + "|" + id(33), "8|missing|||"), differences());
  }

  /** The run's own ids find what it pushed, in whatever state, and nothing stays unverifiable. */
  @Test
  void withItsRunJobsAreFoundByTheIdsThatItGave() {
    String there =
        "INSERT INTO chancy_jobs (id, queue, func, unique_key) VALUES ('%s', 'default', 'f', 'c')";
    String[] lines = {"func,unique_key", "f,a", "f,", "f,c", "f,d", "f,a", "f,", "f,"};
    Path none = trial.file("none.csv", "func");
    assertEquals(0, trial.jobs(none).status());
    trial.database.run(there.formatted(id(1)));
    Path export = trial.file("jobs.csv", lines);
    Cli.Result load = trial.jobs(export, "--run", "nightly");
    assertEquals(List.of(7L, 5L, 1L, 1L, 0L), Trial.counts(load), load::toString);
    trial.database.run(
        """
        UPDATE chancy_jobs SET state = 'succeeded' WHERE unique_key IN ('a', 'c');
        UPDATE chancy_jobs SET func = 'g' WHERE unique_key = 'd';
        DELETE FROM chancy_jobs WHERE id = (SELECT max(id::text)::uuid FROM chancy_jobs WHERE unique_key IS NULL);
        """);
    Cli.Result without = verify("jobs", export);
    assertEquals(List.of(0L, 2L, 1L, 0L, 1L, 0L, 3L), counts(without), without::toString);
    Cli.Result result = verify("jobs", export, "--run", "nightly");
    assertEquals(6, result.status(), result::toString);
    // What the run found, and did not push, has an id of its own.
    assertEquals(List.of(2L, 2L, 1L, 1L, 1L, 0L, 0L), counts(result), result::toString);
    assertEquals(List.of("4|missing|||", "5|differing|func|f|g", "8|missing|||"), differences());

    Path other = trial.file("other.csv", "func,unique_key", "f,a");
    Cli.Result refused = verify("jobs", other, "--run", "nightly");
    assertEquals(1, refused.status(), refused::toString);
    assertTrue(refused.err().contains("; give it what it began with"), refused::toString);
    Cli.Result unknown = verify("jobs", export, "--run", "weekly");
    assertEquals(1, unknown.status(), unknown::toString);
    assertTrue(unknown.err().contains("knows no run weekly"), unknown::toString);
  }

  @Test
  void valuesThatTheServerCantReadAreRejectedAndTheOthersCompared() {
    Path export =
        trial.file(
            "jobs.csv",
            "func,unique_key,kwargs",
            "f,a,{}",
            "f,b,\"{\"\"n\"\": 1e1000000}\"",
            "f,c,{}");
    Cli.Result load = trial.jobs(export);
    assertEquals(List.of(3L, 2L, 0L, 0L, 1L), Trial.counts(load), load::toString);
    // Nothing is asked of a value whose row is not there.
    assertEquals(6, verify("jobs", export).status());
    assertEquals(List.of("3|missing|||"), differences());
    trial.database.run(
        "INSERT INTO chancy_jobs (id, queue, func, unique_key) VALUES (gen_random_uuid(), 'q', 'f',"
            + " 'b')");
    Cli.Result result = verify("jobs", export);
    assertEquals(3, result.status(), result::toString);
    assertEquals(List.of(2L, 0L, 0L, 0L, 0L, 1L, 0L), counts(result), result::toString);
    assertTrue(differences().get(0).startsWith("3|rejected|||22"), () -> "" + differences());
  }

  @Test
  void theTextShowsTheFirstOfEachKind() {
    Path export = loaded(40);
    trial.database.run("DELETE FROM email_contacts WHERE email_address < 'person3'");
    update(30, "name = 'else'");
    Cli.Result result = Cli.on(trial.database).run("verify", "contacts", export);
    assertEquals(6, result.status(), result::toString);
    long missing = 40 - trial.database.number("SELECT count(*) FROM email_contacts");
    String text = result.out().replace(folder + "/", "").replaceAll("in [0-9.]+ s", "in TIME");
    assertTrue(
        text.startsWith(
            """
            verify contacts in public.email_contacts: not all there
              read                    40  in TIME
              present                 %2d
              missing                 %2d
              differing                1  name 1
              finished                 0
              duplicate                0
              rejected                 0
              unverifiable             0
            missing, the first of them:
              contacts.csv line 2: %s/person0@example.com: missing
              contacts.csv line 12: %s/person10@example.com: missing
              contacts.csv line 13: %s/person11@example.com: missing
            """
                .formatted(39 - missing, missing, Trial.LINK, Trial.LINK, Trial.LINK)),
        text);
    assertEquals(10, text.lines().filter(line -> line.endsWith(": missing")).count(), text);
    assertTrue(
        text.endsWith(
            """
            differing:
              contacts.csv line 32: %s/person30@example.com: name: expected "Name 30", found "else"
            --differences FILE writes all of them.
            """
                .formatted(Trial.LINK)),
        text);
  }

  /** Beside many other rows a small export is looked up by the index. */
  @Test
  void otherRowsAreNotRead() {
    Path export = loaded(1_000);
    trial.database.run(
        """
        INSERT INTO email_contacts (id, link_id, email_address)
        SELECT gen_random_uuid(), '%s', 'n' || n || '@example.com' FROM generate_series(1, 100000) n
        """
            .formatted(Trial.OTHER));
    trial.database.run("SELECT pg_stat_reset()");
    Cli.Result result = verify("contacts", export);
    assertEquals(0, result.status(), result::toString);
    String reads =
        "SELECT seq_scan, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'email_contacts'";
    Wait.until("the reads are counted", () -> !trial.database.rows(reads).get(0).endsWith("|0"));
    assertEquals(List.of("0|1000"), trial.database.rows(reads));
  }

  /** Somebody has locked every row, and somebody waits for the table. */
  @Test
  void nobodyWaitsForIt() {
    Path export = loaded(100);
    try (Session other = Session.open(trial.database)) {
      var unused = other.run("SELECT FROM email_contacts FOR UPDATE");
      Cli.Result result = verify("contacts", export);
      assertEquals(0, result.status(), result::toString);
    }
  }

  /** SELECT on the table is all that it takes. */
  @Test
  void aReaderMayVerify() {
    Path export = loaded(10);
    String role = "reader_" + trial.database.name();
    trial.database.run("CREATE ROLE " + role + " LOGIN");
    Cli.Result refused = verify("contacts", export, "-U", role);
    assertEquals(1, refused.status(), refused::toString);
    assertTrue(refused.err().contains("GRANT SELECT ON email_contacts"), refused::toString);
    trial.database.run("GRANT SELECT ON email_contacts TO " + role);
    Cli.Result result = verify("contacts", export, "-U", role);
    assertEquals(0, result.status(), result::toString);
  }

  @Test
  void anInterruptedVerificationSaysSo() {
    Path export = loaded(10);
    Cli.Result result =
        Cli.on(trial.database).onSignals(Runnable::run).json("verify", "contacts", export);
    assertEquals(5, result.status(), result::toString);
    assertEquals("interrupted", result.field("verdict"));
  }
}
