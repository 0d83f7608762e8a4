package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** New rows by COPY: when, and what it sends in place of what a record lacks. */
@Tag("database")
class CopyTest {
  private final TestDatabase database = TestServer.shared().database();

  private Cli.Result contacts(String csv, String... more) {
    String[] args = new String[more.length + 3];
    System.arraycopy(new String[] {"contacts", "-", "--create-table"}, 0, args, 0, 3);
    System.arraycopy(more, 0, args, 3, more.length);
    return Cli.on(database).stdin(csv.getBytes(StandardCharsets.UTF_8)).json((Object[]) args);
  }

  /** An empty load makes the table; from then on each statement that inserts is written down. */
  @BeforeEach
  void listen() {
    assertEquals(0, contacts("link_id,email_address\n").status());
    database.run(
        """
        CREATE TABLE heard (statement text);
        CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO heard VALUES (substr(current_query(), 1, 4));
          RETURN NULL;
        END $$;
        CREATE TRIGGER hear AFTER INSERT ON email_contacts FOR EACH STATEMENT EXECUTE FUNCTION hear()
        """);
  }

  private void assertHeard(String expected) {
    assertEquals(List.of(expected), database.rows("SELECT DISTINCT statement FROM heard"));
  }

  private static String contact(int n, String more) {
    return "c0ffee00-0000-4000-8000-000000000001,a%03d@example.com%s\n".formatted(n, more);
  }

  @Test
  void whatLacksATimeInSomeRowsGetsTheTransactionsOwn() {
    StringBuilder csv = new StringBuilder("link_id,email_address,created_at\n");
    for (int i = 0; i < 100; i++) {
      csv.append(contact(i, i % 2 == 0 ? "," : ",1999-12-31 23:59:59.999999+00"));
    }
    Cli.Result end = contacts(csv.toString(), "--threads", "1");
    assertEquals(100, end.count("inserted"), end::toString);
    assertHeard("COPY");
    // updated_at is the table's own default: now(), of the same transaction.
    assertEquals(
        50, database.number("SELECT count(*) FROM email_contacts WHERE created_at = updated_at"));
    assertEquals(
        50,
        database.number(
            "SELECT count(*) FROM email_contacts WHERE created_at = '1999-12-31"
                + " 23:59:59.999999+00'"));
  }

  /** The control: a default that can't be sent goes by INSERT, which knows it for each row. */
  @Test
  void whatLacksAnotherDefaultInSomeRowsGoesByInsert() {
    database.run("ALTER TABLE email_contacts ALTER name SET DEFAULT 'nobody'");
    String csv =
        "link_id,email_address,name\n" + contact(1, ",") + contact(2, ",Ann") + contact(3, ",");
    Cli.Result end = contacts(csv, "--threads", "1");
    assertEquals(3, end.count("inserted"), end::toString);
    assertHeard("INSE");
    assertEquals(2, database.number("SELECT count(*) FROM email_contacts WHERE name = 'nobody'"));
  }

  @Test
  void contactsIdsGrowAsTheyAreSent() {
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int i = 999; i >= 0; i--) {
      csv.append(contact(i, ""));
    }
    assertEquals(1000, contacts(csv.toString(), "--threads", "1").count("inserted"));
    assertHeard("COPY");
    String inOrder =
        "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY email_address) AS before FROM"
            + " email_contacts) c WHERE left(id::text, 13) < left(before::text, 13)";
    assertEquals(0, database.number(inOrder));
    String times = "SELECT count(DISTINCT left(id::text, 13)) FROM email_contacts";
    assertEquals(8, database.number(times));
  }

  /** The control: where ids are told they follow the input, here against the order of sending. */
  @Test
  void idsThatAreToldFollowTheInput(@TempDir Path folder) {
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int i = 999; i >= 0; i--) {
      csv.append(contact(i, ""));
    }
    Cli.Result end =
        contacts(csv.toString(), "--outcomes", folder.resolve("outcomes.csv").toString());
    assertEquals(1000, end.count("inserted"), end::toString);
    assertEquals(
        999,
        database.number(
            "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY email_address) AS before FROM"
                + " email_contacts) c WHERE id < before"));
  }

  /**
   * Arrays of a whole chunk could fill the heap. The chunks are of 10,000, 10,000, 20,000 and
   * 25,000 records: one, one, two and three statements.
   */
  @Test
  void aLongChunkGoesInSeveralStatementsInOnePass(@TempDir Path folder) {
    database.run("ALTER TABLE email_contacts ALTER name SET DEFAULT 'nobody'");
    StringBuilder csv = new StringBuilder("link_id,email_address,name\n");
    for (int i = 64_999; i >= 0; i--) {
      csv.append(contact(i, i % 2 == 0 ? "," : ",Ann"));
    }
    Cli.Result end = contacts(csv.toString(), "--threads", "1");
    assertEquals(65_000, end.count("inserted"), end::toString);
    assertHeard("INSE");
    assertEquals(7, database.number("SELECT count(*) FROM heard"));
    assertEquals(4, database.number("SELECT count(DISTINCT xmin::text) FROM email_contacts"));
    String backwards =
        """
        SELECT count(*)
        FROM (SELECT email_address COLLATE "C" AS key,
                     lag(email_address) OVER (PARTITION BY xmin::text ORDER BY ctid) COLLATE "C"
                       AS before
              FROM email_contacts) c
        WHERE key < before
        """;
    assertEquals(0, database.number(backwards));
    String outcomes = folder.resolve("outcomes.csv").toString();
    Cli.Result again =
        contacts(csv.toString(), "--again", "--threads", "1", "--outcomes", outcomes);
    assertEquals(65_000, again.count("existing"), again::toString);
  }
}
