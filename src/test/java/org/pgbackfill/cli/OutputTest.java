package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.WorkFolder;

/** What stands on standard output and what on standard error, and the exit status beside it. */
@Tag("database")
class OutputTest {
  private static final String LINK = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";
  private static final TestDatabase DATABASE = TestServer.shared().database();

  @TempDir Path path;
  private WorkFolder folder;
  private Path good;
  private Path bad;

  @BeforeEach
  void makeExports() {
    DATABASE.run("DROP TABLE IF EXISTS email_contacts");
    folder = new WorkFolder(path);
    good =
        folder.write(
            "good.csv",
            """
            link_id,email_address,name
            LINK,ann@example.com,Ann
            LINK,bob@example.com,Bob
            LINK,Ann@example.com,again
            """
                .replace("LINK", LINK));
    bad =
        folder.write(
            "bad.csv",
            """
            link_id,email_address,name
            LINK,cyd@example.com,Cyd
            LINK,nobody,Nobody
            """
                .replace("LINK", LINK));
  }

  private Cli.Result contacts(Object... args) {
    return new Arguments("contacts", "--create-table", "--rejects", folder.file("rejects.csv"))
        .and(args)
        .run(Cli.on(DATABASE));
  }

  /** The object's fields in order; fails where the text is anything else but one object. */
  private static Map<String, Object> object(String json) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      assertEquals(JsonToken.START_OBJECT, parser.nextToken());
      Map<String, Object> fields = fields(parser);
      assertEquals(null, parser.nextToken());
      assertTrue(json.endsWith("}\n"), json);
      return fields;
    }
  }

  private static Map<String, Object> fields(JsonParser parser) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      JsonToken token = parser.nextToken();
      Object value =
          switch (token) {
            case START_OBJECT -> fields(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_NULL -> "null";
            default -> throw new AssertionError(name + " is " + token);
          };
      assertEquals(null, fields.put(name, value), () -> name + " stands there twice");
    }
    return fields;
  }

  private static final List<String> FIELDS =
      List.of(
          "run",
          "command",
          "state",
          "read",
          "inserted",
          "existing",
          "duplicate",
          "rejected",
          "retries",
          "elapsed_seconds",
          "rows_per_second",
          "rejects_file",
          "outcomes_file");

  @Test
  void jsonIsOneObjectWithTheDocumentedFields() throws IOException {
    Path outcomes = folder.file("outcomes \"1\".csv");
    Cli.Result result = contacts(good, bad, "--output", "json", "--outcomes", outcomes);
    assertEquals(3, result.status(), result::toString);
    Map<String, Object> fields = object(result.out());
    assertTrue(fields.keySet().containsAll(FIELDS), fields::toString);
    assertTrue(
        fields.get("run").toString().matches("contacts-\\d{8}T\\d{6}\\.\\d{3}Z"), fields::toString);
    assertEquals("contacts", fields.get("command"));
    assertEquals("succeeded", fields.get("state"));
    assertEquals(5L, fields.get("read"));
    assertEquals(3L, fields.get("inserted"));
    assertEquals(0L, fields.get("existing"));
    assertEquals(1L, fields.get("duplicate"));
    assertEquals(1L, fields.get("rejected"));
    assertEquals(0L, fields.get("retries"));
    assertTrue((double) fields.get("elapsed_seconds") > 0, fields::toString);
    assertTrue((long) fields.get("rows_per_second") > 0, fields::toString);
    assertEquals(folder.file("rejects.csv").toString(), fields.get("rejects_file"));
    assertEquals(outcomes.toString(), fields.get("outcomes_file"));
    Map<?, ?> blastRadius = (Map<?, ?>) fields.get("blast_radius");
    assertEquals(0L, blastRadius.get("deadlocks"));
    assertEquals(0L, blastRadius.get("dead_rows"));
    assertTrue((long) blastRadius.get("server_wal_bytes") > 0, fields::toString);
    assertEquals("null", blastRadius.get("lock_waiters"), "unknown, and not 0");
    assertEquals(Map.of(), blastRadius.get("held_seconds_by"));
  }

  @Test
  void jsonNamesNoFileThatWasNotMade() throws IOException {
    Map<String, Object> fields = object(contacts(good, "--output", "JSON").out());
    assertEquals("null", fields.get("rejects_file"));
    assertEquals("null", fields.get("outcomes_file"));
    assertEquals(List.of("bad.csv", "good.csv"), folder.names());
  }

  @Test
  void jsonOfALoadThatFailsHasTheSameFields() throws IOException {
    Cli.Result failed =
        Cli.on(DATABASE).run("contacts", good, "--table", "nothing_here", "--output", "json");
    assertEquals(1, failed.status(), failed::toString);
    Map<String, Object> fields = object(failed.out());
    assertTrue(fields.keySet().containsAll(FIELDS), fields::toString);
    assertEquals("contacts", fields.get("command"));
    assertEquals("failed", fields.get("state"));
    assertEquals(0L, fields.get("read"));
  }

  @Test
  void textSummaryStandsAloneOnStandardOutput() {
    Cli.Result result = contacts(good, bad, "--progress", "plain");
    assertEquals(3, result.status(), result::toString);
    String[] lines = result.out().split("\n", -1);
    assertTrue(lines[0].matches("contacts-\\d{8}T\\d{6}\\.\\d{3}Z: succeeded"), result::toString);
    assertTrue(
        lines[1].matches("  read +5  in \\d+\\.\\d\\d s, [\\d,]+ records/s"), result::toString);
    assertEquals("  inserted               3", lines[2]);
    assertEquals("  existing               0", lines[3]);
    assertEquals("  duplicate              1", lines[4]);
    assertEquals("  rejected               1  see " + folder.file("rejects.csv"), lines[5]);
    assertEquals("  existence: empty", lines[6]);
    assertTrue(
        lines[7].matches(
            "  blast radius: 0 deadlocks, 0 dead rows, WAL of the whole server [\\d.]+ MB"),
        result::toString);
    // It was over before the first look.
    assertEquals("    lock waiters unknown, replica lag unknown, held 0.0 s", lines[8]);
    assertEquals("", lines[9]);
    assertEquals(10, lines.length);
    assertEquals("", result.err());
  }

  @Test
  void noticesAndProgressStandOnStandardError() throws IOException {
    Path more =
        folder.write(
            "more.csv", "link_id,email_address,phone,note\n" + LINK + ",cyd@example.com,1,2\n");
    Cli.Result result = contacts(more, good, "--progress", "bar", "--output", "json");
    assertEquals(0, result.status(), result::toString);
    object(result.out());
    assertTrue(
        result.err().contains("pgbackfill: no column for phone, note: left out\n"),
        result::toString);
    assertTrue(result.err().contains("4 records"), result::toString);
    assertTrue(result.err().contains("100%"), result::toString);
  }

  @Test
  void progressIsABarOnATerminalAndPlainElsewhere() {
    Cli.Result plain = contacts(good, "--progress", "auto");
    assertEquals("", plain.err());
    Cli.Result bar = new Arguments("contacts", good).run(Cli.on(DATABASE).onTerminal());
    assertTrue(bar.err().contains("100%"), bar::toString);
    Cli.Result none =
        new Arguments("contacts", good, "--progress", "none").run(Cli.on(DATABASE).onTerminal());
    assertEquals("", none.err());
  }

  @Test
  void verboseAddsTheStackTraceAndNothingToStandardOutput() {
    Cli.Result quiet = Cli.on(DATABASE).run("contacts", good, "--table", "nothing_here");
    assertEquals(1, quiet.status(), quiet::toString);
    assertEquals("", quiet.out());
    assertFalse(quiet.err().contains("\tat "), quiet::toString);
    assertEquals(1, quiet.err().lines().count(), quiet::toString);
    Cli.Result verbose =
        Cli.on(DATABASE).run("contacts", good, "--table", "nothing_here", "--verbose");
    assertEquals("", verbose.out());
    assertTrue(verbose.err().contains("\tat org.pgbackfill."), verbose::toString);
  }

  @Test
  void statusZeroMeansThatEveryRecordIsInOrWas() {
    assertEquals(0, contacts(good).status());
    Cli.Result again = contacts(good, "--output", "json");
    assertEquals(0, again.status(), again::toString);
    assertEquals(3, again.count("existing"), again::toString);
  }

  @Test
  void statusThreeMeansRejectsUnlessTheyAreAllowed() {
    assertEquals(3, contacts(bad, "--again").status());
    assertEquals(0, contacts(bad, "--again", "--max-rejects", "1").status());
    assertEquals(0, contacts(bad, "--again", "--max-rejects", "50%").status());
    assertEquals(0, contacts(good, "--max-rejects", "0").status());
  }

  @Test
  void statusFourMeansStoppedByTheRejectLimit() {
    for (String limit : List.of("0", "49.5%")) {
      Cli.Result stopped = contacts(bad, "--again", "--max-rejects", limit);
      assertEquals(4, stopped.status(), stopped::toString);
      assertTrue(
          stopped
              .out()
              .lines()
              .findFirst()
              .orElseThrow()
              .endsWith(": failed: more rejects than --max-rejects " + limit + " allows"),
          stopped::toString);
    }
    assertEquals(
        "failed",
        contacts(bad, "--again", "--max-rejects", "0", "--output", "json").field("state"));
    assertEquals(
        "more rejects than --max-rejects 10% allows",
        contacts(bad, "--again", "--max-rejects", "10%", "--output", "json").field("reason"));
  }

  @Test
  void limitStopsALongLoadEarly() {
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int i = 0; i < 20_000; i++) {
      csv.append(LINK).append(i < 20 ? ",nobody\n" : ",user" + i + "@example.com\n");
    }
    Cli.Result stopped =
        contacts(
            folder.write("long.csv", csv.toString()),
            "--max-rejects",
            "10",
            "--chunk-size",
            "100",
            "--output",
            "json");
    assertEquals(4, stopped.status(), stopped::toString);
    assertTrue(stopped.count("read") < 2_000, stopped::toString);
    assertEquals(stopped.count("inserted"), DATABASE.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void statusOneMeansThatItCouldNotGoOn() {
    Cli.Result missing = contacts(folder.file("missing.csv"));
    assertEquals(1, missing.status(), missing::toString);
    assertEquals("pgbackfill: " + folder.file("missing.csv") + ": no such file\n", missing.err());
  }
}
