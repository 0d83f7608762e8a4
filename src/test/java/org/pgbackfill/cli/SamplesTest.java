package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

@Tag("database")
class SamplesTest {
  private final TestDatabase database = TestServer.shared().database();

  @Test
  void contactsLoadAndLoadAgainWithoutWritingAnything(@TempDir Path folder) {
    Path rejects = folder.resolve("rejects.csv");
    Cli.Result first = load(rejects, "--create-table");
    assertEquals(3, first.status(), first::toString);
    assertEquals(4500, first.count("read"), first::toString);
    assertEquals(3678, first.count("inserted"), first::toString);
    assertEquals(0, first.count("existing"), first::toString);
    assertEquals(6, first.count("rejected"), first::toString);
    assertEquals(3678, database.number("SELECT count(*) FROM email_contacts"));

    Cli.Result second = load(rejects);
    assertEquals(3, second.status(), second::toString);
    assertEquals(0, second.count("inserted"), second::toString);
    assertEquals(4494, second.count("existing"), second::toString);
  }

  private Cli.Result load(Path rejects, Object... more) {
    Object[] words =
        new Object[] {
          "contacts", "samples/contacts.csv", "samples/contacts-more.csv.gz", "--rejects", rejects
        };
    Object[] all = java.util.Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return Cli.on(database).json(all);
  }

  @Test
  void jobsLoadAndLoadAgain(@TempDir Path folder) {
    Path rejects = folder.resolve("rejects.csv");
    Cli.Result first =
        Cli.on(database).json("jobs", "samples/jobs.csv", "--create-table", "--rejects", rejects);
    assertEquals(3, first.status(), first::toString);
    assertEquals(2000, first.count("read"), first::toString);
    assertEquals(1926, first.count("inserted"), first::toString);
    assertEquals(4, first.count("rejected"), first::toString);
    assertEquals(70, first.count("duplicate"), first::toString);
  }
}
