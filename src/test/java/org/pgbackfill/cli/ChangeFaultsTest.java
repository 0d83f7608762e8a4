package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgbackfill.testkit.Proxy;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Runs that change rows, and lose a connection at a COMMIT: tried again, and resumed. */
@Tag("database")
class ChangeFaultsTest {
  private static final int MOST_COMMITS = 12;
  private static final String LINK = "c0ffee00-0000-4000-8000-000000000001";

  /**
   * What is changed: three chunks, with old rows and new or unknown ones, each with repeats, in one
   * chunk and across.
   */
  private enum Scene {
    FILL,
    OVERWRITE,
    UPDATES_BY_ID,
    UPDATES_BY_KEY;

    boolean isContacts() {
      return this == FILL || this == OVERWRITE;
    }

    List<Object> command(Path export) {
      return isContacts()
          ? List.of("contacts", export, "--on-existing", name().toLowerCase(Locale.ROOT))
          : List.of("job-updates", export);
    }

    String export() {
      return switch (this) {
        case FILL, OVERWRITE ->
            "link_id,email_address,name\n"
                + contact("old1", "A")
                + contact("new1", "")
                + contact("new1", "B")
                + contact("old2", "C")
                + contact("new1", "D")
                + contact("old1", "E")
                + contact("new2", "F")
                + contact("old1", "E")
                + contact("old2", "");
        case UPDATES_BY_ID, UPDATES_BY_KEY ->
            (this == UPDATES_BY_ID ? "id" : "unique_key")
                + ",state,attempts\n"
                + job(1, "running,1")
                + job(2, ",1")
                + job(1, "succeeded,")
                + job(2, ",1")
                + job(1, ",2")
                + job(3, "failed,")
                + job(9, ",1")
                + job(2, "running,")
                + job(3, ",5");
      };
    }

    private static String contact(String name, String value) {
      return LINK + "," + name + "@x.org," + value + "\n";
    }

    private String job(int number, String values) {
      return (this == UPDATES_BY_ID ? id(number) : "k" + number) + "," + values + "\n";
    }

    private static String id(int number) {
      return "00000000-0000-4000-8000-00000000000" + number;
    }

    String header() {
      return isContacts() ? "link_id,email_address\n" : "func\n";
    }

    String rows() {
      return isContacts()
          ? """
          INSERT INTO email_contacts (id, link_id, email_address, name)
          VALUES (gen_random_uuid(), '%1$s', 'old1@x.org', NULL),
                 (gen_random_uuid(), '%1$s', 'old2@x.org', 'old')
          """
              .formatted(LINK)
          : """
          INSERT INTO chancy_jobs (id, queue, func, unique_key, attempts)
          VALUES ('%s', 'default', 'f', 'k1', 0), ('%s', 'default', 'f', 'k2', 0),
                 ('%s', 'default', 'f', 'k3', 0)
          """
              .formatted(id(1), id(2), id(3));
    }

    String table() {
      return isContacts()
          ? "SELECT email_address, name FROM email_contacts ORDER BY 1"
          : "SELECT unique_key, state, attempts FROM chancy_jobs ORDER BY 1";
    }
  }

  /** Each as it is before a run. */
  private static final Map<Scene, TestDatabase> SCENES = new EnumMap<>(Scene.class);

  @TempDir private Path folder;

  /** What a run leaves behind. */
  private record Traces(List<String> table, List<String> outcomes, String counters) {}

  private TestDatabase database(Scene scene) {
    return SCENES.computeIfAbsent(scene, this::made).copy();
  }

  private TestDatabase made(Scene scene) {
    TestDatabase database = TestServer.shared().database();
    Path header = Load.write(folder.resolve("header.csv"), scene.header());
    Cli.Result made =
        Cli.on(database)
            .json(
                scene.isContacts() ? "contacts" : "jobs", header, "--create-table", "--no-ledger");
    assertEquals(0, made.status(), made::toString);
    return database.run(scene.rows());
  }

  private Cli.Result load(Cli cli, Scene scene, Object... more) {
    Path export = Load.write(folder.resolve("export.csv"), scene.export());
    List<Object> words = new ArrayList<>(scene.command(export));
    words.addAll(List.of("--threads", "1", "--run", "n"));
    words.addAll(List.of("--outcomes", folder.resolve("outcomes.csv")));
    words.addAll(List.of("--rejects", folder.resolve("rejects.csv"), "--max-rejects", "100%"));
    words.addAll(List.of(more));
    if (!words.contains("--chunk-size")) {
      words.addAll(List.of("--chunk-size", 3));
    }
    return cli.json(words.toArray());
  }

  private Traces traces(TestDatabase database, Scene scene, Cli.Result end) {
    assertEquals(0, end.status(), end::toString);
    String counters = "";
    for (String counter :
        List.of("inserted", "existing", "filled", "overwritten", "duplicate", "rejected")) {
      counters += counter + " " + end.count(counter) + " ";
    }
    return new Traces(
        database.rows(scene.table()),
        Records.read(folder.resolve("outcomes.csv")).column("outcome"),
        counters);
  }

  private static Cli by(Proxy proxy, TestDatabase database) {
    return Cli.on(database).with("PGPORT", Integer.toString(proxy.port()));
  }

  @ParameterizedTest
  @CsvSource({
    "FILL, BEFORE_COMMIT", "FILL, REPLY_OF_COMMIT",
    "OVERWRITE, BEFORE_COMMIT", "OVERWRITE, REPLY_OF_COMMIT",
    "UPDATES_BY_ID, BEFORE_COMMIT", "UPDATES_BY_ID, REPLY_OF_COMMIT",
    "UPDATES_BY_KEY, BEFORE_COMMIT", "UPDATES_BY_KEY, REPLY_OF_COMMIT"
  })
  void whicheverCommitIsLostTheEndIsTheSame(Scene scene, Proxy.Break what) {
    TestDatabase undisturbed = database(scene);
    Traces expected = traces(undisturbed, scene, load(Cli.on(undisturbed), scene));
    for (int lost = 1; lost <= MOST_COMMITS; lost++) {
      int which = lost;
      TestDatabase database = database(scene);
      try (Proxy proxy = Proxy.to(database).breaking(what, n -> n == which)) {
        assertEquals(expected, traces(database, scene, load(by(proxy, database), scene)));
        if (proxy.broken() == 0) {
          assertTrue(lost > 4, "no more than " + lost + " commits");
          return;
        }
      }
    }
  }

  /** No commit gets through any more, the run gives up, and chunks end elsewhere afterwards. */
  @ParameterizedTest
  @CsvSource({
    "FILL, 3",
    "FILL, 100",
    "OVERWRITE, 3",
    "OVERWRITE, 100",
    "UPDATES_BY_ID, 2",
    "UPDATES_BY_ID, 100",
    "UPDATES_BY_KEY, 2",
    "UPDATES_BY_KEY, 100"
  })
  void whereverItStopsItGoesOnToTheSameEnd(Scene scene, String chunkSize) {
    TestDatabase undisturbed = database(scene);
    Traces expected = traces(undisturbed, scene, load(Cli.on(undisturbed), scene));
    boolean stopped = true;
    int first = 0;
    while (stopped) {
      int which = ++first;
      TestDatabase database = database(scene);
      Cli.Result end;
      try (Proxy proxy = Proxy.to(database).breaking(Proxy.Break.BEFORE_COMMIT, n -> n >= which)) {
        end = load(by(proxy, database), scene, "--retry-time", "1ms");
      }
      stopped = end.status() != 0;
      if (stopped) {
        end = load(Cli.on(database), scene, "--resume", "--chunk-size", chunkSize);
      }
      assertEquals(expected, traces(database, scene, end), "commit " + which);
    }
    assertTrue(first > 3, "it stopped only " + (first - 1) + " times");
  }
}
