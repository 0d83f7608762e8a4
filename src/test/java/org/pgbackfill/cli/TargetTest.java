package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.WorkFolder;

/** The table that a load finds, or does not find, or has to make. */
@Tag("database")
class TargetTest {
  private static final String LINK = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";

  private static final String CONTACTS =
      """
      CREATE TABLE email_contacts (
        id uuid PRIMARY KEY, link_id uuid NOT NULL, email_address varchar(320) NOT NULL,
        name varchar(255))
      """;

  private static final TestDatabase DATABASE = TestServer.shared().database();

  @TempDir Path path;
  private WorkFolder folder;
  private Path contacts;
  private Path jobs;

  @BeforeEach
  void makeExports() {
    DATABASE.emptied();
    folder = new WorkFolder(path);
    contacts =
        folder.write(
            "contacts.csv",
            """
            link_id,email_address,name
            LINK,ann@example.com,Ann
            LINK,bob@example.com,Bob
            """
                .replace("LINK", LINK));
    jobs = folder.write("jobs.csv", "func,unique_key\napp.send,a\napp.send,\n");
  }

  private Cli.Result contacts(Object... args) {
    return load("contacts", contacts, args);
  }

  private Cli.Result jobs(Object... args) {
    return load("jobs", jobs, args);
  }

  private Cli.Result load(String command, Path export, Object... args) {
    // Without a ledger: the same files are loaded again and again, by roles of few rights.
    return new Arguments(command, export, "--threads", "2", "--no-ledger")
        .and("--rejects", folder.file("rejects.csv"), "--output", "json")
        .and(args)
        .run(Cli.on(DATABASE));
  }

  private static void assertRefused(String message, Cli.Result result) {
    assertEquals(1, result.status(), result::toString);
    assertEquals("pgbackfill: " + message + "\n", result.err());
  }

  private static void assertInserted(long count, Cli.Result result) {
    assertEquals(0, result.status(), result::toString);
    assertEquals(count, result.count("inserted"), result::toString);
  }

  @Test
  void missingTableSaysWhichAndWhatToDo() {
    assertRefused(
        "no table email_contacts in database "
            + DATABASE.name()
            + "; name another with --table, or have it made with --create-table",
        contacts());
    assertRefused(
        "no table crm.\"Mail Contacts\" in database "
            + DATABASE.name()
            + "; name another with --table, or have it made with --create-table",
        contacts("--table", "crm.\"Mail Contacts\""));
    assertRefused(
        "no table \"chancy_jobs\" in database "
            + DATABASE.name()
            + "; name another with --prefix, or have it made with --create-table",
        jobs());
  }

  @Test
  void missingArbiterSaysWhichIndexToMake() {
    DATABASE.run(CONTACTS);
    Cli.Result refused = contacts();
    String index =
        "CREATE UNIQUE INDEX CONCURRENTLY ON public.email_contacts (link_id, email_address)";
    assertRefused(
        "table public.email_contacts can't be loaded: no unique index on (link_id,"
            + " email_address); "
            + index,
        refused);
    DATABASE.run(index);
    assertInserted(2, contacts());
  }

  @Test
  void missingArbiterOfJobsSaysWhichIndexToMake() {
    assertInserted(2, jobs("--create-table"));
    DATABASE.run("DROP INDEX chancy_jobs_unique_key");
    String index =
        "CREATE UNIQUE INDEX CONCURRENTLY ON public.chancy_jobs (unique_key) WHERE unique_key IS"
            + " NOT NULL AND state NOT IN ('succeeded', 'failed')";
    assertRefused(
        "table public.chancy_jobs can't be loaded: no unique index on (unique_key) WHERE"
            + " unique_key IS NOT NULL AND state NOT IN ('succeeded', 'failed'); "
            + index,
        jobs());
    DATABASE.run(index);
    assertEquals(1, jobs().count("existing"));
  }

  @Test
  void arbiterOnOtherColumnsIsNone() {
    DATABASE.run(CONTACTS + "; CREATE UNIQUE INDEX ON email_contacts (email_address)");
    assertTrue(contacts().err().contains("no unique index on (link_id, email_address); CREATE"));
    DATABASE.run("CREATE UNIQUE INDEX ON email_contacts (link_id, email_address) WHERE name <> ''");
    assertTrue(
        contacts()
            .err()
            .contains(
                "no unique index on (link_id, email_address); found"
                    + " public.email_contacts_link_id_email_address_idx WHERE ((name)::text <>"
                    + " ''::text); CREATE"));
  }

  @Test
  void missingRightSaysWhatToGrant() {
    DATABASE.run(
        CONTACTS
            + "; CREATE UNIQUE INDEX ON email_contacts (link_id, email_address);"
            + "CREATE ROLE \"Loader 1\" LOGIN");
    try {
      String select =
          "role Loader 1 lacks SELECT on public.email_contacts; GRANT SELECT ON"
              + " public.email_contacts TO \"Loader 1\"";
      assertRefused(
          "table public.email_contacts can't be loaded: "
              + select
              + "; also: "
              + select.replace("SELECT", "INSERT"),
          contacts("-U", "Loader 1"));
      DATABASE.run("GRANT INSERT ON email_contacts TO \"Loader 1\"");
      assertRefused(
          "table public.email_contacts can't be loaded: " + select, contacts("-U", "Loader 1"));
      DATABASE.run("GRANT SELECT ON public.email_contacts TO \"Loader 1\"");
      assertInserted(2, contacts("-U", "Loader 1"));
    } finally {
      DATABASE.run("DROP OWNED BY \"Loader 1\"; DROP ROLE \"Loader 1\"");
    }
  }

  @Test
  void missingRightOnTheSchemaSaysWhatToGrant() {
    DATABASE.run("CREATE SCHEMA crm; CREATE ROLE loader_2 LOGIN");
    try {
      assertInserted(2, contacts("--table", "crm.people", "--create-table"));
      assertRefused(
          "crm.people: can't be inspected: 42501: permission denied for schema crm; GRANT USAGE ON"
              + " that schema TO \"loader_2\"",
          contacts("--table", "crm.people", "-U", "loader_2"));
      DATABASE.run("GRANT USAGE ON SCHEMA crm TO loader_2; GRANT ALL ON crm.people TO loader_2");
      assertEquals(2, contacts("--table", "crm.people", "-U", "loader_2").count("existing"));
    } finally {
      DATABASE.run("DROP OWNED BY loader_2; DROP ROLE loader_2");
    }
  }

  @Test
  void missingColumnSaysWhichAndWhatWasFound() {
    DATABASE.run(
        "CREATE TABLE email_contacts (id uuid PRIMARY KEY, link_id uuid, email_address text,"
            + " UNIQUE (link_id, email_address))");
    assertRefused(
        "table public.email_contacts has no column name; found [id, link_id, email_address]",
        contacts());
    Path without = folder.write("b.csv", "link_id,email_address\n" + LINK + ",ann@example.com\n");
    assertInserted(1, load("contacts", without));
  }

  @Test
  void createTableMakesWhatIsMissingAndLeavesWhatIsThere() {
    assertInserted(2, contacts("--create-table"));
    assertEquals(2, contacts("--create-table").count("existing"));
    assertInserted(2, jobs("--create-table"));
    assertInserted(1, jobs("--create-table"));
    assertEquals(2, DATABASE.number("SELECT count(*) FROM email_contacts"));
    assertEquals(3, DATABASE.number("SELECT count(*) FROM chancy_jobs"));
    assertEquals(
        List.of(
            "chancy_jobs|CREATE INDEX chancy_jobs_fetch ON public.chancy_jobs USING btree (queue,"
                + " state, attempts, scheduled_at, priority DESC, id DESC) WHERE ((state)::text ="
                + " ANY ((ARRAY['pending'::character varying, 'retrying'::character"
                + " varying])::text[]))",
            "chancy_jobs|CREATE UNIQUE INDEX chancy_jobs_pkey ON public.chancy_jobs USING btree"
                + " (id)",
            "chancy_jobs|CREATE INDEX chancy_jobs_queue_state ON public.chancy_jobs USING btree"
                + " (queue, state)",
            "chancy_jobs|CREATE UNIQUE INDEX chancy_jobs_unique_key ON public.chancy_jobs USING"
                + " btree (unique_key) WHERE ((unique_key IS NOT NULL) AND ((state)::text <> ALL"
                + " ((ARRAY['succeeded'::character varying, 'failed'::character"
                + " varying])::text[])))",
            "email_contacts|CREATE UNIQUE INDEX email_contacts_link_id_email_address_key ON"
                + " public.email_contacts USING btree (link_id, email_address)",
            "email_contacts|CREATE UNIQUE INDEX email_contacts_pkey ON public.email_contacts USING"
                + " btree (id)"),
        DATABASE.rows(
            "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY"
                + " tablename, indexname"));
  }

  @Test
  void createTableAddsNoIndexToATableThatIsThere() {
    assertInserted(2, jobs("--create-table"));
    DATABASE.run(
        "ALTER INDEX chancy_jobs_unique_key RENAME TO ix_key;"
            + "ALTER INDEX chancy_jobs_fetch RENAME TO ix_fetch");
    assertInserted(1, jobs("--create-table"));
    assertEquals(
        4, DATABASE.number("SELECT count(*) FROM pg_indexes WHERE tablename = 'chancy_jobs'"));
  }

  @Test
  void createTableNeedsNoRightWhereTheTableIsThere() {
    assertInserted(2, contacts("--create-table"));
    DATABASE.run("CREATE ROLE loader_3 LOGIN; GRANT ALL ON email_contacts TO loader_3");
    try {
      assertEquals(2, contacts("--create-table", "-U", "loader_3").count("existing"));
      assertRefused(
          "--create-table: other can't be made: 42501: permission denied for schema public",
          contacts("--create-table", "-U", "loader_3", "--table", "other"));
    } finally {
      DATABASE.run("DROP OWNED BY loader_3; DROP ROLE loader_3");
    }
  }

  @Test
  void createTableByTwoAtOnceMakesItOnce() throws Exception {
    for (int round = 0; round < 5; round++) {
      String table = "contacts_" + round;
      List<CompletableFuture<Cli.Result>> loads =
          Stream.generate(
                  () ->
                      CompletableFuture.supplyAsync(
                          () -> contacts("--create-table", "--table", table)))
              .limit(3)
              .toList();
      long inserted = 0;
      for (CompletableFuture<Cli.Result> load : loads) {
        Cli.Result result = load.get(60, TimeUnit.SECONDS);
        assertEquals(0, result.status(), result::toString);
        inserted += result.count("inserted");
      }
      assertEquals(2, inserted);
      assertEquals(2, DATABASE.number("SELECT count(*) FROM " + table));
    }
  }

  @Test
  void tableIsFoundBySchemaAndQuotedName() {
    DATABASE.run("CREATE SCHEMA \"Customer Data\"");
    String table = "\"Customer Data\".\"Mail.Contacts\"";
    assertInserted(2, contacts("--table", table, "--create-table"));
    assertEquals(2, DATABASE.number("SELECT count(*) FROM " + table));
    assertEquals(2, contacts("--table", table).count("existing"));
    // Without quotes SQL folds the letters.
    assertInserted(2, contacts("--table", "EMAIL_Contacts", "--create-table"));
    assertEquals(2, DATABASE.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void tableIsFoundOnTheSearchPathOfTheRole() {
    DATABASE.run(
        "CREATE SCHEMA crm; CREATE ROLE loader_4 LOGIN; GRANT ALL ON SCHEMA crm TO loader_4");
    try {
      DATABASE.run("ALTER ROLE loader_4 SET search_path = crm");
      assertInserted(2, contacts("--create-table", "-U", "loader_4"));
      assertEquals(2, DATABASE.number("SELECT count(*) FROM crm.email_contacts"));
    } finally {
      DATABASE.run("DROP OWNED BY loader_4; DROP ROLE loader_4");
    }
  }

  @Test
  void prefixMayNameASchemaAndKeepsItsCase() {
    DATABASE.run("CREATE SCHEMA \"Work\"");
    assertInserted(2, jobs("--prefix", "Work.Q_", "--create-table"));
    assertEquals(2, DATABASE.number("SELECT count(*) FROM \"Work\".\"Q_jobs\""));
    assertEquals(
        List.of("Q_jobs_fetch", "Q_jobs_pkey", "Q_jobs_queue_state", "Q_jobs_unique_key"),
        DATABASE.rows("SELECT indexname FROM pg_indexes WHERE schemaname = 'Work' ORDER BY 1"));
    assertEquals(1, jobs("--prefix", "Work.Q_").count("existing"));
    assertTrue(jobs("--prefix", "work.q_").err().contains("no table \"work\".\"q_jobs\""));
  }

  @Test
  void mangledNameOfATableIsRefused() {
    for (String table : List.of("a.b.c.d", "\"open", "", "one two", "x; SELECT 1")) {
      Cli.Result result = contacts("--table", table);
      assertEquals(1, result.status(), () -> table + ": " + result);
      assertTrue(result.err().startsWith("pgbackfill: "), result::toString);
      assertEquals(1, result.err().lines().count(), result::toString);
    }
  }

  @Test
  void viewIsLoadedLikeItsTable() {
    assertInserted(2, contacts("--create-table"));
    DATABASE.run("CREATE VIEW people AS SELECT * FROM email_contacts");
    Path more =
        folder.write(
            "more.csv",
            "link_id,email_address\n" + LINK + ",bob@example.com\n" + LINK + ",cyd@example.com\n");
    Cli.Result result = load("contacts", more, "--table", "people");
    assertInserted(1, result);
    assertEquals(1, result.count("existing"));
    assertEquals(3, DATABASE.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void viewCantTakeAnExportWithIds() {
    assertInserted(2, contacts("--create-table"));
    DATABASE.run("CREATE VIEW people AS SELECT * FROM email_contacts");
    Path ids =
        folder.write(
            "ids.csv", "id,link_id,email_address\n" + LINK + "," + LINK + ",bob@example.com\n");
    assertRefused(
        "public.people is a view, which doesn't tell this run's rows from others' when the export"
            + " brings ids; name the table behind it",
        load("contacts", ids, "--table", "people"));
    assertEquals(1, load("contacts", ids).count("existing"));
  }

  @Test
  void viewThatCantBeWrittenIsRefused() {
    assertInserted(2, contacts("--create-table"));
    DATABASE.run("CREATE VIEW people AS SELECT DISTINCT * FROM email_contacts");
    Cli.Result result = contacts("--table", "people");
    assertEquals(1, result.status(), result::toString);
    assertTrue(
        result.err().startsWith("pgbackfill: table public.people can't be loaded: "),
        result::toString);
  }

  @Test
  void partitionedTableIsLoaded() {
    DATABASE.run(
        """
        CREATE TABLE email_contacts (
          id uuid NOT NULL, link_id uuid NOT NULL, email_address varchar(320) NOT NULL,
          name varchar(255), UNIQUE (link_id, email_address)) PARTITION BY HASH (link_id);
        CREATE TABLE part_0 PARTITION OF email_contacts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE part_1 PARTITION OF email_contacts FOR VALUES WITH (MODULUS 2, REMAINDER 1)
        """);
    assertInserted(2, contacts());
    assertEquals(2, contacts().count("existing"));
    Path ids =
        folder.write(
            "ids.csv",
            "id,link_id,email_address\n"
                + "00000000-0000-0000-0000-000000000001,"
                + LINK
                + ",cyd@example.com\n"
                + "00000000-0000-0000-0000-000000000002,"
                + LINK
                + ",cyd@example.com\n");
    Cli.Result result = load("contacts", ids);
    assertInserted(1, result);
    assertEquals(1, result.count("duplicate"));
  }

  @Test
  void rowWithoutAPartitionIsARejectAndTheRestLoads() {
    DATABASE.run(
        """
        CREATE TABLE email_contacts (
          id uuid NOT NULL, link_id uuid NOT NULL, email_address varchar(320) NOT NULL,
          name varchar(255), UNIQUE (link_id, email_address)) PARTITION BY LIST (link_id);
        CREATE TABLE part_0 PARTITION OF email_contacts
          FOR VALUES IN ('7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f')
        """);
    Path export =
        folder.write(
            "partly.csv",
            "link_id,email_address\n"
                + LINK
                + ",ann@example.com\n"
                + "00000000-0000-0000-0000-000000000001,ann@example.com\n"
                + LINK
                + ",bob@example.com\n");
    Cli.Result result = load("contacts", export);
    assertEquals(3, result.status(), result::toString);
    assertEquals(2, result.count("inserted"), result::toString);
    assertTrue(folder.lines("rejects.csv").get(1).contains("23514: no partition of relation"));
  }
}
