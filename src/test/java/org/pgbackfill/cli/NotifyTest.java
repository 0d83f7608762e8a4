package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.WorkFolder;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** What the queue's workers hear. */
@Tag("database")
class NotifyTest {
  private static final String LAST = "that was all";

  private static final String JOBS =
      """
      func,queue,unique_key
      f,mail,1
      f,default,2
      f,mail,3
      f,default,4
      f,,5
      f,report,6
      """;

  private static final TestDatabase DATABASE = TestServer.shared().database();

  @TempDir Path path;
  private WorkFolder folder;

  @BeforeEach
  void makeFolder() {
    DATABASE.emptied();
    folder = new WorkFolder(path);
  }

  private Cli.Result load(String csv, Object... args) {
    Cli.Result result =
        new Arguments("jobs", folder.write("jobs.csv", csv), "--create-table", "--output", "json")
            .and("--again", "--threads", "1", "--chunk-size", "3")
            .and(args)
            .run(Cli.on(DATABASE));
    assertEquals(0, result.status(), result::toString);
    return result;
  }

  private interface Load {
    Cli.Result run();
  }

  /** Everything that a worker hears on the channel while the load runs, in order. */
  private List<String> heard(String channel, Load load) throws SQLException {
    try (Connection connection = DATABASE.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("LISTEN \"" + channel + "\"");
      load.run();
      // The server delivers in the order of the commits: behind this one nothing is to come.
      DATABASE.run("SELECT pg_notify('" + channel + "', '" + LAST + "')");
      List<String> payloads = new ArrayList<>();
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (!payloads.contains(LAST)) {
        assertTrue(System.nanoTime() < end, () -> "heard only " + payloads);
        PGNotification[] some = connection.unwrap(PGConnection.class).getNotifications(1_000);
        for (PGNotification one : some == null ? new PGNotification[0] : some) {
          assertEquals(channel, one.getName());
          payloads.add(one.getParameter());
        }
      }
      assertEquals(LAST, payloads.remove(payloads.size() - 1));
      return payloads;
    }
  }

  private static List<String> pushed(String... queues) {
    return Stream.of(queues).map(q -> "{\"t\": \"queue.pushed\", \"q\": \"" + q + "\"}").toList();
  }

  @Test
  void everyQueueIsNamedOnceForEachChunkThatInsertedIntoIt() throws SQLException {
    assertEquals(
        pushed("default", "mail", "default", "report"), heard("chancy_events", () -> load(JOBS)));
  }

  @Test
  void nothingIsSaidWhenEverythingIsThere() throws SQLException {
    load(JOBS);
    assertEquals(
        List.of(),
        heard(
            "chancy_events",
            () -> {
              Cli.Result again = load(JOBS);
              assertEquals(6, again.count("existing"), again::toString);
              return again;
            }));
    assertEquals(List.of(), heard("chancy_events", () -> load(JOBS, "--notify", "end")));
  }

  @Test
  void onlyQueuesWithANewJobAreNamed() throws SQLException {
    load(JOBS);
    DATABASE.run("DELETE FROM chancy_jobs WHERE unique_key IN ('3', '6')");
    assertEquals(pushed("mail", "report"), heard("chancy_events", () -> load(JOBS)));
  }

  @Test
  void atTheEndEveryQueueIsNamedOnce() throws SQLException {
    assertEquals(
        pushed("default", "mail", "report"),
        heard("chancy_events", () -> load(JOBS, "--notify", "end")));
  }

  @Test
  void offSaysNothing() throws SQLException {
    assertEquals(
        List.of(),
        heard(
            "chancy_events",
            () -> {
              Cli.Result result = load(JOBS, "--notify", "off");
              assertEquals(6, result.count("inserted"), result::toString);
              return result;
            }));
  }

  @Test
  void channelFollowsThePrefixWithoutItsSchema() throws SQLException {
    DATABASE.run("CREATE SCHEMA work");
    assertEquals(
        pushed("default"), heard("Q_events", () -> load("func\nf\n", "--prefix", "work.Q_")));
  }

  @Test
  void payloadIsJsonWhateverTheQueuesName() throws SQLException, IOException {
    List<String> queues =
        List.of(
            "with \"quotes\"",
            "back\\slash\\",
            "two\nlines\r\n",
            "tab\tand \u0001 and \u007f",
            "</script>",
            "очередь 😀 \u2028",
            "{\"t\": \"x\"}",
            "'; SELECT 1 --");
    StringBuilder csv = new StringBuilder("func,queue\n");
    queues.forEach(q -> csv.append("f,\"").append(q.replace("\"", "\"\"")).append("\"\n"));
    List<String> heard = heard("chancy_events", () -> load(csv.toString()));
    List<String> names = new ArrayList<>();
    for (String payload : heard) {
      assertTrue(payload.startsWith("{\"t\": \"queue.pushed\", \"q\": \""), payload);
      assertTrue(payload.endsWith("\"}"), payload);
      names.add(queue(payload));
    }
    assertEquals(queues.stream().sorted().toList(), names.stream().sorted().toList());
    assertEquals(
        queues.stream().sorted().toList(),
        DATABASE.rows("SELECT queue FROM chancy_jobs").stream().sorted().toList());
  }

  private static String queue(String payload) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(payload)) {
      assertEquals(JsonToken.START_OBJECT, json.nextToken());
      assertEquals("t", json.nextFieldName());
      assertEquals("queue.pushed", json.nextTextValue());
      assertEquals("q", json.nextFieldName());
      String queue = json.nextTextValue();
      assertEquals(JsonToken.END_OBJECT, json.nextToken());
      assertEquals(null, json.nextToken());
      return queue;
    }
  }

  @Test
  void jobLoadsAlsoWhereItsQueuesNameIsTooLongToBeTold() throws SQLException {
    String queue = "q".repeat(8_000);
    assertEquals(
        pushed("mail"),
        heard("chancy_events", () -> load("func,queue\nf," + queue + "\nf,mail\n")));
    assertEquals(2, DATABASE.number("SELECT count(*) FROM chancy_jobs"));
  }

  @Test
  void longestPrefixIsHeardAndALongerOneIsRefusedBeforeTheFirstRecord() throws SQLException {
    String prefix = "p".repeat(57);
    assertEquals(
        pushed("default"), heard(prefix + "events", () -> load("func\nf\n", "--prefix", prefix)));
    Cli.Result refused =
        Cli.on(DATABASE)
            .run("jobs", folder.file("jobs.csv"), "--prefix", prefix + "p", "--create-table");
    assertEquals(2, refused.status(), refused::toString);
    assertEquals(
        "pgbackfill: --prefix "
            + prefix
            + "p makes a channel name of 64 bytes; PostgreSQL takes at most 63\n",
        refused.err());
  }
}
