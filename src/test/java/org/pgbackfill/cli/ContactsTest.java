package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;
import org.pgbackfill.testkit.WorkFolder;

/** Contacts by the front door. */
@Tag("database")
class ContactsTest {
  private static final String LINK = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";
  private static final TestDatabase DATABASE = TestServer.shared().database();

  @TempDir Path path;
  private WorkFolder folder;

  @BeforeEach
  void makeFolder() {
    DATABASE.run("DROP TABLE IF EXISTS email_contacts");
    folder = new WorkFolder(path);
  }

  private Cli.Result load(String csv, Object... args) {
    return load(Cli.on(DATABASE), folder.write("contacts.csv", csv.replace("LINK", LINK)), args);
  }

  private Cli.Result load(Cli cli, Object file, Object... args) {
    return new Arguments("contacts", file, "--create-table", "--again", "--output", "json")
        .and("--rejects", folder.file("rejects.csv"))
        .and(args)
        .run(cli);
  }

  private static void assertInserted(long count, Cli.Result result) {
    assertEquals(0, result.status(), result::toString);
    assertEquals(count, result.count("inserted"), result::toString);
    assertEquals(count, result.count("read"), result::toString);
  }

  private static List<String> contacts(String columns) {
    return DATABASE.rows("SELECT " + columns + " FROM email_contacts ORDER BY email_address");
  }

  @Test
  void everyColumnArrivesAsItIs() {
    assertInserted(
        2,
        load(
            """
            updated_at,Name,id,email_address,link_id,sfs_photo_url,original_photo_url,created_at
            2026-11-21T08:30:00.123456Z,"O""Neil, Ann\\n",00000000-0000-0000-0000-0000000000AA, ANN@Example.com ,{LINK},https://b/2,https://a/1,2020-02-29 23:59:59+05:30
            ,,,bob@example.com,LINK,,,
            """));
    assertEquals(
        List.of(
            "00000000-0000-0000-0000-0000000000aa|"
                + LINK
                + "|ann@example.com|O\"Neil, Ann\\n|https://a/1|https://b/2|t|t",
            "new|" + LINK + "|bob@example.com|~|~|~|f|f"),
        contacts(
            """
            CASE WHEN name IS NULL THEN 'new' ELSE id::text END, link_id, email_address, name,
            original_photo_url, sfs_photo_url,
            created_at = '2020-02-29 18:29:59+00', updated_at = '2026-11-21 08:30:00.123456+00'
            """));
    assertEquals(
        1,
        DATABASE.number(
            "SELECT count(*) FROM email_contacts WHERE name IS NULL AND created_at = updated_at"
                + " AND created_at > now() - interval '1 min'"));
  }

  @Test
  void existingContactIsLeftAsItIs() {
    assertInserted(1, load("link_id,email_address,name\nLINK,ann@example.com,Ann\n"));
    List<String> before = contacts("t.*, xmin FROM email_contacts t --");
    Cli.Result again = load("link_id,email_address,name\nLINK,ANN@example.com,Anna\n");
    assertEquals(1, again.count("existing"), again::toString);
    assertEquals(before, contacts("t.*, xmin FROM email_contacts t --"));
  }

  @Test
  void oneLinkCanBeGivenToAll() {
    assertInserted(2, load("email_address\na@example.com\nb@example.com\n", "--link-id", LINK));
    assertEquals(
        2, DATABASE.number("SELECT count(*) FROM email_contacts WHERE link_id = '" + LINK + "'"));
    Cli.Result both = load("link_id,email_address\nLINK,a@example.com\n", "--link-id", LINK);
    assertEquals(1, both.status(), both::toString);
    assertEquals(
        "pgbackfill: --link-id "
            + LINK
            + " is for files without a column link_id; these have one: leave the option out\n",
        both.err());
  }

  @Test
  void missingColumnSaysWhatWasFoundAndWhatToDo() {
    Cli.Result result = load("email,first name\na@example.com,Ann\n");
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: "
            + folder.file("contacts.csv")
            + " line 1: no column email_address; found email, first name; name it with --map"
            + " email_address=HEADER\n",
        result.err());
    assertEquals("failed", result.field("state"));
  }

  @Test
  void columnsCanHaveOtherHeaders() {
    assertInserted(
        1,
        load(
            "Mailbox,E-Mail,Full Name\nLINK,ann@example.com,Ann\n",
            "--map",
            "link_id=mailbox",
            "--map",
            "email_address=E-Mail",
            "--map=name=full name"));
    assertEquals(List.of("ann@example.com|Ann"), contacts("email_address, name"));
  }

  @Test
  void unknownColumnsAreLeftOutWithOneNotice() {
    Path more =
        folder.write("more.csv", "phone,link_id,email_address\n1," + LINK + ",b@example.com\n");
    Cli.Result result =
        load("link_id,email_address,note,phone\nLINK,a@example.com,x,2\n", more, "--threads", "1");
    assertInserted(2, result);
    assertEquals("pgbackfill: no column for note, phone: left out\n", result.err());
  }

  @Test
  void filesWithDifferentHeadersAreOneRun() {
    Path more =
        folder.write("more.csv", "name,email_address,link_id\nBob,b@example.com," + LINK + "\n");
    assertInserted(2, load("link_id,email_address\nLINK,a@example.com\n", more));
    assertEquals(List.of("a@example.com|~", "b@example.com|Bob"), contacts("email_address, name"));
  }

  @Test
  void standardInputIsReadPlainAndCompressed() throws IOException {
    byte[] csv =
        ("\ufefflink_id,email_address,name\r\n" + LINK + ",a@example.com,\"Zoë\r\n2\"\r\n")
            .getBytes(StandardCharsets.UTF_8);
    assertInserted(1, load(Cli.on(DATABASE).stdin(csv), "-"));
    assertEquals(List.of("Zoë\r\n2"), contacts("name"));
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(csv);
    }
    Cli.Result again =
        load(
            Cli.on(DATABASE).stdin(compressed.toByteArray()),
            "-",
            "--outcomes",
            folder.file("outcomes.csv"));
    assertEquals(1, again.count("existing"), again::toString);
    assertTrue(
        folder.lines("outcomes.csv").get(1).startsWith("stdin,2," + LINK + "/a@example.com,"),
        () -> folder.lines("outcomes.csv").toString());
  }

  @Test
  void recordsThatTheChecksRefuseAreRejectsWithTheirReasons() {
    String name = "é".repeat(256);
    Cli.Result result =
        load(
            """
            link_id,email_address,name,created_at
            LINK,good@example.com,,
            LINK,,,
            LINK,a@@b,,
            ,c@example.com,,
            42,d@example.com,,
            LINK,e@example.com,NAME,
            LINK,f@example.com,,2026-02-30 00:00:00+00
            LINK,g@example.com,N\0L,
            LINK,h@example.com
            """
                .replace("NAME", name));
    assertEquals(3, result.status(), result::toString);
    assertEquals(1, result.count("inserted"), result::toString);
    assertEquals(8, result.count("rejected"), result::toString);
    String file = folder.file("contacts.csv").toString();
    assertEquals(
        List.of(
            "link_id,email_address,name,created_at,reject_file,reject_line,reject_reason",
            LINK + ",,,," + file + ",3,email_address is empty; expected an address",
            LINK + ",a@@b,,," + file + ",4,\"email_address \"\"a@@b\"\" is not an address\"",
            ",c@example.com,,," + file + ",5,link_id is empty; expected a uuid",
            "42,d@example.com,,," + file + ",6,\"link_id \"\"42\"\" is not a uuid\"",
            LINK
                + ",e@example.com,"
                + name
                + ",,"
                + file
                + ",7,\"name \"\""
                + "é".repeat(60)
                + "...\"\" has 256 characters; expected at most 255\"",
            LINK
                + ",f@example.com,,2026-02-30 00:00:00+00,"
                + file
                + ",8,\"created_at \"\"2026-02-30 00:00:00+00\"\" is not a timestamp: there is no"
                + " such date or time\"",
            LINK
                + ",g@example.com,N\0L,,"
                + file
                + ",9,\"name has a NUL character, which PostgreSQL can't store\"",
            ",,,\""
                + LINK
                + ",h@example.com\","
                + file
                + ",10,\"expected 4 fields, as in the header, found 2\""),
        folder.lines("rejects.csv"));
  }

  @Test
  void valuesThatOnlyTheTableRefusesAreRejectsAndTheRestLoads() {
    DATABASE.run(
        """
        CREATE TABLE IF NOT EXISTS mailboxes (id uuid PRIMARY KEY);
        INSERT INTO mailboxes VALUES ('%s') ON CONFLICT DO NOTHING;
        CREATE TABLE email_contacts (
          id uuid PRIMARY KEY, link_id uuid NOT NULL REFERENCES mailboxes,
          email_address varchar(30) NOT NULL, name varchar(10) CHECK (name <> 'Mallory'),
          UNIQUE (link_id, email_address))
        """
            .formatted(LINK));
    StringBuilder csv = new StringBuilder("link_id,email_address,name\n");
    for (int i = 0; i < 60; i++) {
      csv.append("LINK,good-").append(i).append("@example.com,Ann\n");
      switch (i) {
        case 5 -> csv.append("00000000-0000-0000-0000-000000000001,a@example.com,Ann\n");
        case 15 -> csv.append("LINK,b@example.com,Mallory\n");
        case 25 -> csv.append("LINK,c@example.com,Bartholomew\n");
        case 35 -> csv.append("LINK,much-too-long-for-this-column@example.com,Ann\n");
        default -> {}
      }
    }
    Cli.Result result = load(csv.toString(), "--threads", "2");
    assertEquals(3, result.status(), result::toString);
    assertEquals(60, result.count("inserted"), result::toString);
    assertEquals(60, DATABASE.number("SELECT count(*) FROM email_contacts"));
    String place = folder.file("contacts.csv") + ",";
    assertEquals(
        List.of(
            "link_id,email_address,name,reject_file,reject_line,reject_reason",
            "00000000-0000-0000-0000-000000000001,a@example.com,Ann,"
                + place
                + "8,\"23503: insert or update on table \"\"email_contacts\"\" violates foreign key"
                + " constraint \"\"email_contacts_link_id_fkey\"\"; Key"
                + " (link_id)=(00000000-0000-0000-0000-000000000001) is not present in table"
                + " \"\"mailboxes\"\".\"",
            LINK
                + ",b@example.com,Mallory,"
                + place
                + "19,\"23514: new row for relation \"\"email_contacts\"\" violates check"
                + " constraint \"\"email_contacts_name_check\"\"; Failing row contains (",
            LINK
                + ",c@example.com,Bartholomew,"
                + place
                + "30,22001: value too long for type character varying(10)",
            LINK
                + ",much-too-long-for-this-column@example.com,Ann,"
                + place
                + "41,22001: value too long for type character varying(30)"),
        folder.lines("rejects.csv").stream()
            .map(line -> line.replaceFirst("(contains \\().*", "$1"))
            .toList());
  }

  /** A whole chunk would be five times as many: lanes need not wait for it. */
  @Test
  void theFirstRecordsOfASlowPipeAreInBeforeOthersCome() throws IOException {
    StringBuilder first = new StringBuilder("link_id,email_address\n");
    for (int i = 0; i < 10_000; i++) {
      first.append(LINK).append(",a").append(i).append("@example.com\n");
    }
    Background<Cli.Result> load;
    try (PipedOutputStream end = new PipedOutputStream()) {
      InputStream pipe = new PipedInputStream(end);
      load = Background.start(() -> load(Cli.on(DATABASE).stdin(pipe), "-"));
      end.write(first.toString().getBytes(StandardCharsets.UTF_8));
      Wait.until("10,000 contacts are there", () -> rows() == 10_000);
      end.write((LINK + ",last@example.com\n").getBytes(StandardCharsets.UTF_8));
    }
    assertInserted(10_001, load.join());
  }

  private static long rows() {
    return DATABASE.number("SELECT count(to_regclass('email_contacts'))") == 0
        ? 0
        : DATABASE.number("SELECT count(*) FROM email_contacts");
  }
}
