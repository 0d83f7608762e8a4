package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.WorkFolder;

/**
 * Each finding is made on purpose, on a table that has none otherwise; and what the check says of a
 * load, a load then does.
 */
@Tag("database")
class CheckTest {
  private static final String ROLE = "check_loader";
  private static final TestDatabase DATABASE = TestServer.shared().database();
  private static final String KEY_INDEX = "email_contacts_link_id_email_address_key";

  /** What a load of the same export does. */
  private enum Then {
    /** It works. */
    LOADS,
    /** It refuses to begin, with the check's own words. */
    REFUSES,
    /** It ends with a message of its own. */
    FAILS
  }

  /**
   * One thing about a target.
   *
   * @param made SQL that brings it about
   * @param found the findings above ok: a level, a subject, and how the message begins
   */
  private record Case(String command, String made, Then then, List<String> found) {
    @Override
    public String toString() {
      return command + ": " + made.strip().replaceAll("\\s+", " ");
    }
  }

  @TempDir Path path;
  private WorkFolder folder;

  private static Case contacts(Then then, String made, String... found) {
    return new Case("contacts", made, then, List.of(found));
  }

  private static Case jobs(Then then, String made, String... found) {
    return new Case("jobs", made, then, List.of(found));
  }

  static Stream<Case> tables() {
    return Stream.of(
        contacts(Then.LOADS, ""),
        jobs(Then.LOADS, ""),
        contacts(
            Then.REFUSES,
            "DROP TABLE email_contacts",
            "error table no table email_contacts in database "),
        jobs(Then.REFUSES, "DROP TABLE chancy_jobs", "error table no table \"chancy_jobs\" in"),
        contacts(
            Then.REFUSES,
            """
            ALTER TABLE email_contacts RENAME TO old;
            CREATE MATERIALIZED VIEW email_contacts AS SELECT * FROM old;
            GRANT ALL ON email_contacts TO check_loader
            """,
            "error table public.email_contacts is a materialized view"),
        contacts(
            Then.REFUSES,
            """
            DROP TABLE email_contacts;
            CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none;
            CREATE FOREIGN TABLE email_contacts (id uuid, link_id uuid, email_address text,
              name text, original_photo_url text, sfs_photo_url text, created_at timestamptz,
              updated_at timestamptz) SERVER far;
            GRANT ALL ON email_contacts TO check_loader
            """,
            "error table public.email_contacts is a foreign table"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts RENAME TO behind;
            CREATE VIEW email_contacts AS SELECT * FROM behind;
            GRANT ALL ON email_contacts TO check_loader
            """,
            "note table public.email_contacts is a view"),
        contacts(
            Then.REFUSES,
            """
            ALTER TABLE email_contacts RENAME TO behind;
            CREATE VIEW email_contacts AS SELECT DISTINCT * FROM behind;
            GRANT ALL ON email_contacts TO check_loader
            """,
            "error table table public.email_contacts can't be loaded: ",
            "note table public.email_contacts is a view"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts RENAME TO old;
            CREATE TABLE email_contacts (LIKE old INCLUDING DEFAULTS,
              PRIMARY KEY (id, link_id), UNIQUE (link_id, email_address)) PARTITION BY HASH (link_id);
            CREATE TABLE part PARTITION OF email_contacts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
            GRANT ALL ON email_contacts TO check_loader; ANALYZE email_contacts
            """,
            "note table public.email_contacts is partitioned"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts SET UNLOGGED",
            "warning table public.email_contacts is unlogged"),
        contacts(
            Then.LOADS,
            "CREATE TABLE more () INHERITS (email_contacts)",
            "warning table public.email_contacts has more inheriting it"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts DROP CONSTRAINT email_contacts_pkey",
            "warning primary key public.email_contacts has none"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts DROP CONSTRAINT email_contacts_pkey;
            ALTER TABLE email_contacts ADD number serial PRIMARY KEY;
            GRANT USAGE ON SEQUENCE email_contacts_number_seq TO check_loader
            """,
            "warning primary key no index begins with id"),
        contacts(
            Then.LOADS,
            "UPDATE pg_class SET reltuples = -1 WHERE oid = 'email_contacts'::regclass",
            "note statistics public.email_contacts has never been analyzed"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts SET (autovacuum_enabled = off)",
            "warning autovacuum public.email_contacts is not vacuumed"));
  }

  static Stream<Case> arbiters() {
    String drop = "ALTER TABLE email_contacts DROP CONSTRAINT " + KEY_INDEX + ";";
    String right = " WHERE unique_key IS NOT NULL AND state NOT IN ('succeeded', 'failed')";
    String dropJobs = "DROP INDEX chancy_jobs_unique_key;";
    String onKey = dropJobs + "CREATE UNIQUE INDEX k ON chancy_jobs (unique_key)";
    return Stream.of(
        contacts(
            Then.REFUSES,
            drop,
            "error arbiter no unique index on (link_id, email_address); CREATE"),
        contacts(
            Then.LOADS, drop + "CREATE UNIQUE INDEX ON email_contacts (email_address, link_id)"),
        contacts(
            Then.REFUSES,
            drop + "CREATE UNIQUE INDEX ON email_contacts (email_address)",
            "error arbiter no unique index on (link_id, email_address); CREATE",
            "warning unique index public.email_contacts_email_address_idx is a second one"),
        contacts(
            Then.REFUSES,
            drop + "CREATE UNIQUE INDEX k ON email_contacts (link_id, lower(email_address))",
            "error arbiter no unique index on (link_id, email_address); CREATE",
            "warning unique index public.k is a second one"),
        contacts(
            Then.REFUSES,
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '%s'::regclass"
                .formatted(KEY_INDEX),
            "error arbiter unique index public." + KEY_INDEX + " is not valid",
            "warning index " + KEY_INDEX + " is not valid"),
        contacts(
            Then.REFUSES,
            drop
                + "ALTER TABLE email_contacts ADD CONSTRAINT k UNIQUE (link_id, email_address)"
                + " DEFERRABLE",
            "error arbiter unique index public.k is deferrable, which ON CONFLICT can't go by;"
                + " ALTER TABLE public.email_contacts DROP CONSTRAINT \"k\""),
        // The server goes by all that fit, so one that is deferrable spoils it.
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts ADD CONSTRAINT k UNIQUE (link_id, email_address)"
                + " DEFERRABLE",
            "error arbiter unique index public.k is deferrable"),
        jobs(Then.REFUSES, dropJobs, "error arbiter no unique index on (unique_key) WHERE"),
        jobs(Then.LOADS, onKey + right),
        jobs(
            Then.LOADS,
            onKey
                + " WHERE NOT (unique_key IS NULL OR state = 'succeeded' OR state = 'failed')"
                + "; CREATE UNIQUE INDEX k2 ON chancy_jobs (unique_key)"
                + right),
        jobs(
            Then.REFUSES,
            onKey,
            "error arbiter unique index public.k on all rows keeps the keys of finished jobs",
            "error arbiter no unique index on (unique_key) WHERE"),
        jobs(
            Then.REFUSES,
            onKey + " WHERE unique_key IS NOT NULL AND state <> 'failed'",
            "error arbiter unique index public.k WHERE ((unique_key IS NOT NULL) AND",
            "error arbiter no unique index on (unique_key) WHERE"),
        jobs(
            Then.REFUSES,
            onKey + " WHERE unique_key IS NOT NULL AND state = 'pending'",
            "error arbiter no unique index on (unique_key) WHERE"),
        jobs(
            Then.REFUSES,
            "CREATE UNIQUE INDEX k ON chancy_jobs (unique_key)",
            "error arbiter unique index public.k on all rows keeps the keys of finished jobs"));
  }

  static Stream<Case> rights() {
    return Stream.of(
        contacts(
            Then.REFUSES,
            "REVOKE INSERT ON email_contacts FROM check_loader",
            "error rights role check_loader lacks INSERT on public.email_contacts; GRANT INSERT ON"
                + " public.email_contacts TO check_loader"),
        contacts(
            Then.REFUSES,
            "REVOKE ALL ON email_contacts FROM check_loader",
            "error rights role check_loader lacks INSERT on",
            "error rights role check_loader lacks SELECT on"),
        contacts(
            Then.LOADS,
            """
            REVOKE ALL ON email_contacts FROM check_loader;
            GRANT SELECT (id, link_id, email_address), INSERT (id, link_id, email_address)
              ON email_contacts TO check_loader
            """),
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts ADD number serial",
            "error rights role check_loader lacks USAGE on sequence email_contacts_number_seq"),
        contacts(
            Then.REFUSES,
            "CREATE SCHEMA pgbackfill",
            "error ledger the ledger in schema pgbackfill can't be used: role check_loader lacks"),
        contacts(
            Then.FAILS,
            "REVOKE CREATE ON DATABASE %s FROM check_loader",
            "error ledger there is no ledger"),
        contacts(
            Then.REFUSES,
            """
            CREATE SCHEMA pgbackfill;
            CREATE TABLE pgbackfill.version (version int); CREATE TABLE pgbackfill.run ();
            CREATE TABLE pgbackfill.input (); CREATE TABLE pgbackfill.mark ();
            INSERT INTO pgbackfill.version VALUES (99);
            GRANT ALL ON SCHEMA pgbackfill TO check_loader;
            GRANT ALL ON ALL TABLES IN SCHEMA pgbackfill TO check_loader
            """,
            "error ledger the ledger in schema pgbackfill has version 99"),
        contacts(
            Then.REFUSES,
            "ALTER ROLE check_loader SET default_transaction_read_only = on",
            "error server default_transaction_read_only is on"),
        contacts(
            Then.LOADS,
            "ALTER ROLE check_loader SET synchronous_commit = off",
            "note server synchronous_commit is off"),
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts ENABLE ROW LEVEL SECURITY",
            "error row security row-level security is active, and no policy lets role check_loader"
                + " INSERT",
            "error row security row-level security is active, and no policy lets role check_loader"
                + " SELECT",
            "warning row security row-level security is active for this account"),
        contacts(
            Then.REFUSES,
            """
            ALTER TABLE email_contacts ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON email_contacts FOR INSERT TO check_loader WITH CHECK (true)
            """,
            "error row security row-level security is active, and no policy lets role check_loader"
                + " SELECT",
            "warning row security row-level security is active for this account"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON email_contacts TO check_loader USING (true)
            """,
            "warning row security row-level security is active for this account"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts ENABLE ROW LEVEL SECURITY;
            ALTER ROLE check_loader BYPASSRLS
            """),
        contacts(
            Then.LOADS,
            "ALTER ROLE check_loader CONNECTION LIMIT 5",
            "warning connections role check_loader gives 5 connections in all; a load takes up to"
                + " 7; fewer --threads, or ALTER ROLE check_loader CONNECTION LIMIT 7"),
        contacts(
            Then.LOADS,
            "ALTER ROLE check_loader CONNECTION LIMIT 1",
            "warning connections role check_loader gives 1 connections in all"),
        contacts(
            Then.LOADS,
            "ALTER DATABASE %s CONNECTION LIMIT 4",
            "warning connections database test_"));
  }

  static Stream<Case> columns() {
    return Stream.of(
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts DROP COLUMN id",
            "error table table public.email_contacts has no column id"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts DROP COLUMN name, DROP COLUMN updated_at",
            "note columns not there: name, updated_at"),
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts ADD tenant text NOT NULL",
            "error columns column tenant is NOT NULL without a default, and no record brings it"),
        contacts(Then.LOADS, "ALTER TABLE email_contacts ADD tenant text NOT NULL DEFAULT 'a'"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts ADD number bigint GENERATED ALWAYS AS IDENTITY"),
        contacts(
            Then.LOADS,
            "CREATE DOMAIN tenant AS text DEFAULT 'a'; ALTER TABLE email_contacts ADD tenant tenant"
                + " NOT NULL"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts ADD tenant text NOT NULL;
            CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql
              AS 'BEGIN new.tenant := 1; RETURN new; END';
            CREATE TRIGGER fill BEFORE INSERT ON email_contacts FOR EACH ROW EXECUTE FUNCTION fill()
            """,
            "warning trigger fill (before INSERT, for each row): rows go in without COPY"),
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts ALTER link_id TYPE text",
            "error columns column link_id has type text; expected uuid"),
        // Cast to the type without its length, all addresses would be cut to one character.
        contacts(
            Then.REFUSES,
            "ALTER TABLE email_contacts ALTER email_address TYPE char(320)",
            "error columns column email_address has type character(320); expected varchar or text"),
        contacts(Then.LOADS, "ALTER TABLE email_contacts ALTER email_address TYPE text"),
        contacts(
            Then.LOADS,
            "CREATE DOMAIN address AS text; ALTER TABLE email_contacts ALTER email_address TYPE"
                + " address"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts ALTER created_at TYPE timestamp",
            "warning columns column created_at has type timestamp without time zone; expected"
                + " timestamptz: the offset of a time is dropped"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts ALTER email_address TYPE varchar(100)",
            "note columns column email_address has type character varying(100): a longer value"),
        contacts(
            Then.LOADS,
            """
            ALTER TABLE email_contacts DROP COLUMN name;
            ALTER TABLE email_contacts ADD name text GENERATED ALWAYS AS (email_address || '') STORED
            """,
            "warning columns column name is generated"),
        contacts(
            Then.LOADS,
            """
            CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            ALTER TABLE email_contacts ALTER email_address TYPE varchar(320) COLLATE blind
            """,
            "warning columns email_address compares by collation blind, which is nondeterministic"),
        contacts(
            Then.LOADS,
            """
            CREATE COLLATION aged (provider = icu, locale = 'de');
            ALTER TABLE email_contacts ALTER email_address TYPE varchar(320) COLLATE aged;
            UPDATE pg_collation SET collversion = '1.2' WHERE collname = 'aged'
            """,
            "warning columns the collation of email_address has another version ("),
        jobs(
            Then.LOADS,
            "ALTER TABLE chancy_jobs ALTER kwargs DROP DEFAULT, ALTER kwargs TYPE json USING"
                + " kwargs::json"),
        jobs(
            Then.LOADS,
            "ALTER TABLE chancy_jobs ALTER kwargs DROP DEFAULT, ALTER kwargs TYPE text",
            "warning columns column kwargs has type text; expected jsonb or json: rows go in"));
  }

  static Stream<Case> neighbours() {
    String function =
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';";
    return Stream.of(
        contacts(
            Then.LOADS,
            """
            CREATE TABLE links (id uuid PRIMARY KEY);
            INSERT INTO links VALUES ('7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f');
            ALTER TABLE email_contacts ADD CONSTRAINT of_link FOREIGN KEY (link_id) REFERENCES links
            """,
            "note foreign key of_link (to links): a new row keeps its parent"),
        contacts(
            Then.LOADS,
            function
                + "CREATE TRIGGER t AFTER INSERT OR UPDATE ON email_contacts FOR EACH ROW EXECUTE"
                + " FUNCTION look()",
            "note trigger t (after INSERT, for each row): it runs for each new row"),
        contacts(
            Then.LOADS,
            function + "CREATE TRIGGER t BEFORE INSERT ON email_contacts EXECUTE FUNCTION look()",
            "note trigger t (before INSERT, for each statement): it runs for each chunk"),
        contacts(
            Then.LOADS,
            function
                + "CREATE TRIGGER t BEFORE DELETE ON email_contacts FOR EACH ROW EXECUTE FUNCTION"
                + " look();"
                + "CREATE TRIGGER off BEFORE INSERT ON email_contacts FOR EACH ROW EXECUTE FUNCTION"
                + " look();"
                + "ALTER TABLE email_contacts DISABLE TRIGGER off"),
        contacts(
            Then.REFUSES,
            "CREATE RULE r AS ON INSERT TO email_contacts DO ALSO NOTHING",
            "error rule rule r: PostgreSQL takes no ON CONFLICT where"),
        contacts(
            Then.REFUSES,
            "CREATE RULE r AS ON UPDATE TO email_contacts DO ALSO NOTHING",
            "error rule rule r: PostgreSQL takes no ON CONFLICT where"),
        contacts(
            Then.LOADS,
            "CREATE UNIQUE INDEX k ON email_contacts (sfs_photo_url)",
            "warning unique index public.k is a second one"),
        contacts(
            Then.LOADS,
            "ALTER TABLE email_contacts ADD CONSTRAINT x EXCLUDE USING btree (sfs_photo_url WITH"
                + " =)",
            "warning exclusion constraint x"),
        contacts(
            Then.LOADS,
            """
            CREATE INDEX i ON email_contacts (name);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass
            """,
            "warning index i is not valid"));
  }

  static Stream<Case> all() {
    return Stream.of(tables(), arbiters(), rights(), columns(), neighbours()).flatMap(s -> s);
  }

  @BeforeEach
  void makeTablesWithoutAFault() {
    DATABASE.emptied();
    DATABASE.run(
        """
        CREATE ROLE check_loader LOGIN;
        -- the tests' server does not wait for its disk, which is a finding
        ALTER ROLE check_loader SET synchronous_commit = on;
        GRANT CREATE ON DATABASE %s TO check_loader;
        GRANT USAGE ON SCHEMA public TO check_loader
        """
            .formatted(DATABASE.name()));
    folder = new WorkFolder(path);
    folder.write(
        "contacts.csv",
        """
        link_id,email_address
        7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f,ann@example.com
        7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f,bob@example.com
        """);
    folder.write("jobs.csv", "func,unique_key\napp.send,a\napp.send,\n");
    Path none = folder.write("none.csv", "func,link_id,email_address\n");
    for (String command : List.of("contacts", "jobs")) {
      Cli.Result made = Cli.on(DATABASE).json(command, none, "--create-table", "--no-ledger");
      assertEquals(0, made.status(), made::toString);
    }
    DATABASE.run(
        """
        GRANT SELECT, INSERT ON email_contacts, chancy_jobs TO check_loader;
        ANALYZE email_contacts; ANALYZE chancy_jobs
        """);
  }

  @AfterEach
  void leaveNothing() {
    DATABASE.run(
        """
        ALTER DATABASE %s CONNECTION LIMIT -1;
        DROP SERVER IF EXISTS far CASCADE; DROP FOREIGN DATA WRAPPER IF EXISTS none;
        DROP OWNED BY check_loader CASCADE;
        DROP ROLE check_loader
        """
            .formatted(DATABASE.name()));
  }

  /** What a case has made or rewritten has no statistics, which is a finding of its own. */
  private static void analyze() {
    DATABASE
        .rows(
            "SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace ="
                + " 'public'::regnamespace")
        .forEach(table -> DATABASE.run("ANALYZE " + table));
  }

  private Cli loader() {
    return Cli.on(DATABASE).with("PGUSER", ROLE);
  }

  /** The findings above ok, without columns. */
  private static List<String> findings(Cli.Result check) {
    List<String> lines = new ArrayList<>(check.out().lines().toList());
    String last = lines.remove(lines.size() - 1);
    assertTrue(
        last.contains(check.status() == 0 ? ": a load would work: " : ": a load would fail: "),
        check::toString);
    return lines.stream()
        .map(line -> line.replaceAll(" +", " "))
        .filter(line -> !line.startsWith("ok "))
        .toList();
  }

  private static void assertFound(List<String> expected, Cli.Result check) {
    List<String> found = new ArrayList<>(findings(check));
    for (String one : expected) {
      assertTrue(found.removeIf(line -> line.startsWith(one)), () -> one + "\n" + check);
    }
    assertEquals(List.of(), found, check::toString);
  }

  private Cli.Result load(String command, Object... more) {
    return new Arguments(command, folder.file(command + ".csv"), "--progress", "none")
        .and("--retry-time", "1s", "--rejects", folder.file("rejects.csv"))
        .and(more)
        .run(loader());
  }

  @ParameterizedTest
  @MethodSource("all")
  void eachFindingIsThereWhereItsCauseIsAndALoadDoesWhatTheCheckSays(Case one) {
    DATABASE.run(one.made.replace("DATABASE %s", "DATABASE " + DATABASE.name()));
    if (!one.made.contains("reltuples")) {
      analyze();
    }
    Cli.Result check = loader().run("check", one.command);
    assertFound(one.found, check);
    assertEquals("", check.err());
    assertEquals(one.then == Then.LOADS ? 0 : 1, check.status(), check::toString);
    assertEquals(
        one.then == Then.LOADS,
        one.found.stream().noneMatch(finding -> finding.startsWith("error ")));

    Cli.Result load = load(one.command);
    assertEquals(check.status(), load.status(), load::toString);
    if (one.then != Then.LOADS) {
      assertTrue(load.err().startsWith("pgbackfill: "), load::toString);
      assertTrue(!load.err().contains("\tat "), load::toString);
    }
    if (one.then == Then.REFUSES) {
      assertEquals(1, load.err().lines().count(), load::toString);
      for (String line : findings(check)) {
        String words = line.replaceFirst("^error (primary key|row security|\\w+) ", "");
        assertTrue(
            !line.startsWith("error ") || load.err().replaceAll(" +", " ").contains(words),
            () -> line + "\n" + load);
      }
    }
  }

  @Test
  void aCheckMakesNothingAndTakesNoLockThatIsFelt() {
    String before = catalog();
    try (Session writer = Session.open(DATABASE)) {
      writer.run("INSERT INTO email_contacts VALUES (gen_random_uuid(), gen_random_uuid(), 'a')");
      Cli.Result check = loader().run("check", "contacts");
      assertEquals(0, check.status(), check::toString);
      writer.run("ALTER TABLE email_contacts ADD later text");
      Cli.Result busy = loader().run("check", "contacts");
      assertEquals(0, busy.status(), busy::toString);
      assertTrue(findings(busy).get(0).startsWith("warning lock process "), busy::toString);
      assertTrue(busy.out().contains("holds or awaits AccessExclusiveLock"), busy::toString);
      writer.rollback();
    }
    assertEquals(before, catalog());
  }

  private static String catalog() {
    return DATABASE.rows("SELECT oid::regclass FROM pg_class ORDER BY 1").toString();
  }

  @Test
  void afterARunTheLedgerIsThereAndKnown() {
    Cli.Result before = loader().run("check", "jobs");
    assertTrue(before.out().contains("the first run makes schema pgbackfill for the ledger"));
    assertEquals(0, load("jobs").status());
    Cli.Result after = loader().run("check", "jobs");
    assertTrue(after.out().contains("the ledger is in schema pgbackfill"), after::toString);
    assertEquals(0, after.status());

    DATABASE.run("CREATE SCHEMA other");
    assertEquals(1, loader().run("check", "jobs", "--ledger-schema", "other").status());
    assertEquals(0, loader().run("check", "jobs", "--no-ledger").status());
  }

  @Test
  void jsonIsOneObjectWithTheSame() {
    DATABASE.run("REVOKE INSERT ON email_contacts FROM check_loader");
    Cli.Result check = loader().run("check", "contacts", "--output", "json");
    assertEquals(1, check.status(), check::toString);
    assertTrue(
        check
            .out()
            .startsWith(
                "{\"command\":\"contacts\",\"target\":\"email_contacts\",\"would_load\":false,"
                    + "\"findings\":[{\"level\":\"error\",\"subject\":\"rights\",\"message\":\"role"
                    + " check_loader lacks INSERT on public.email_contacts\",\"next\":\"GRANT"
                    + " INSERT ON public.email_contacts TO check_loader\"},"),
        check::toString);
    assertTrue(check.out().endsWith("]}\n"), check::toString);
    assertEquals(1, check.out().lines().count());
  }

  @Test
  void otherTablesAreNamedAsForALoad() {
    DATABASE.run("CREATE SCHEMA crm; ALTER TABLE email_contacts SET SCHEMA crm");
    Cli.Result check = loader().run("check", "contacts", "--table", "crm.email_contacts");
    assertEquals(1, check.status(), check::toString);
    assertTrue(
        check.out().startsWith("error    table         crm.email_contacts: can't be inspected"),
        check::toString);
    assertTrue(check.out().contains("GRANT USAGE ON that schema TO \"check_loader\""));
    DATABASE.run("GRANT USAGE ON SCHEMA crm TO check_loader");
    assertEquals(0, loader().run("check", "contacts", "--table", "crm.email_contacts").status());
    DATABASE.run("ALTER TABLE chancy_jobs RENAME TO q_jobs");
    assertEquals(0, loader().run("check", "jobs", "--prefix", "q_").status());
  }

  @Test
  void nonsenseIsAskedBack() {
    assertEquals(2, loader().run("check").status());
    assertEquals(2, loader().run("check", "tables").status());
    assertEquals(
        "pgbackfill: --threads 0: expected 1 to 64\n",
        loader().run("check", "jobs", "--threads", "0").err());
    Cli.Result nowhere = loader().with("PGPORT", "1").run("check", "jobs");
    assertEquals(1, nowhere.status());
    assertEquals(1, nowhere.err().lines().count(), nowhere::toString);
    assertTrue(
        Arrays.stream(new String[] {"check", "contacts"})
            .allMatch(word -> new Cli().run("check", "contacts", "--help").out().contains(word)));
  }
}
