package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  /** Three chunks: new contacts and old ones, each with repeats, in one of them and across. */
  private static final String EXPORT =
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

  private static String contact(String name, String value) {
    return LINK + "," + name + "@x.org," + value + "\n";
  }

  @TempDir private Path folder;

  /** What a run leaves behind. */
  private record Traces(List<String> table, List<String> outcomes, String counters) {}

  private TestDatabase database() {
    TestDatabase database = TestServer.shared().database().emptied();
    Path header = Load.write(folder.resolve("header.csv"), "link_id,email_address\n");
    Cli.Result made = Cli.on(database).json("contacts", header, "--create-table", "--no-ledger");
    assertEquals(0, made.status(), made::toString);
    return database.run(
        """
        INSERT INTO email_contacts (id, link_id, email_address, name)
        VALUES (gen_random_uuid(), '%1$s', 'old1@x.org', NULL),
               (gen_random_uuid(), '%1$s', 'old2@x.org', 'old')
        """
            .formatted(LINK));
  }

  private Cli.Result load(Cli cli, String mode, Object... more) {
    Path export = Load.write(folder.resolve("export.csv"), EXPORT);
    List<Object> words = new ArrayList<>(List.of("contacts", export, "--on-existing", mode));
    words.addAll(List.of("--threads", "1", "--run", "n"));
    words.addAll(List.of("--outcomes", folder.resolve("outcomes.csv")));
    words.addAll(List.of(more));
    if (!words.contains("--chunk-size")) {
      words.addAll(List.of("--chunk-size", 3));
    }
    return cli.json(words.toArray());
  }

  private Traces traces(TestDatabase database, Cli.Result end) {
    assertEquals(0, end.status(), end::toString);
    String counters = "";
    for (String counter : List.of("inserted", "existing", "filled", "overwritten", "duplicate")) {
      counters += counter + " " + end.count(counter) + " ";
    }
    return new Traces(
        database.rows("SELECT email_address, name FROM email_contacts ORDER BY 1"),
        Records.read(folder.resolve("outcomes.csv")).column("outcome"),
        counters);
  }

  private static Cli by(Proxy proxy, TestDatabase database) {
    return Cli.on(database).with("PGPORT", Integer.toString(proxy.port()));
  }

  @ParameterizedTest
  @CsvSource({
    "fill, BEFORE_COMMIT", "fill, REPLY_OF_COMMIT",
    "overwrite, BEFORE_COMMIT", "overwrite, REPLY_OF_COMMIT"
  })
  void whicheverCommitIsLostTheEndIsTheSame(String mode, Proxy.Break what) {
    TestDatabase undisturbed = database();
    Traces expected = traces(undisturbed, load(Cli.on(undisturbed), mode));
    for (int lost = 1; lost <= MOST_COMMITS; lost++) {
      int which = lost;
      TestDatabase database = database();
      try (Proxy proxy = Proxy.to(database).breaking(what, n -> n == which)) {
        assertEquals(expected, traces(database, load(by(proxy, database), mode)));
        if (proxy.broken() == 0) {
          assertTrue(lost > 4, "no more than " + lost + " commits");
          return;
        }
      }
    }
  }

  /** No commit gets through any more, the run gives up, and chunks end elsewhere afterwards. */
  @ParameterizedTest
  @CsvSource({"fill, 3", "fill, 100", "overwrite, 3", "overwrite, 100"})
  void whereverItStopsItGoesOnToTheSameEnd(String mode, String chunkSize) {
    TestDatabase undisturbed = database();
    Traces expected = traces(undisturbed, load(Cli.on(undisturbed), mode));
    int stopped = 0;
    for (int first = 1; first <= MOST_COMMITS; first++) {
      int which = first;
      TestDatabase database = database();
      Cli.Result end;
      try (Proxy proxy = Proxy.to(database).breaking(Proxy.Break.BEFORE_COMMIT, n -> n >= which)) {
        end = load(by(proxy, database), mode, "--retry-time", "1ms");
      }
      if (end.status() != 0) {
        stopped++;
        end = load(Cli.on(database), mode, "--resume", "--chunk-size", chunkSize);
      }
      assertEquals(expected, traces(database, end), "commit " + which);
    }
    assertTrue(stopped > 2, "it stopped only " + stopped + " times");
  }
}
