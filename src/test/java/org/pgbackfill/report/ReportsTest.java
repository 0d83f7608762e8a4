package org.pgbackfill.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.testkit.OpenFile;

/** Runs that want to write rejects to one place leave each other's alone. */
class ReportsTest {
  private static final String REASON = "email_address \"x\" is not an address";

  @TempDir Path folder;

  private final List<String> notices = new ArrayList<>();

  private Path rejects() {
    return folder.resolve("rejects.csv");
  }

  private Reports open() {
    List<SourceFile> files = List.of(new SourceFile(0, "a.csv", List.of("email_address")));
    return Reports.open(rejects(), null, files, "email_address", Reports.Tense.DID, notices::add);
  }

  private static void reject(Reports reports, String address) throws SourceException {
    String csv = "email_address\n" + address + "\n";
    try (CsvSource source =
        CsvSource.open(
            List.of("-"), new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)))) {
      CsvRecord record = source.next();
      reports.add(record, () -> address, Outcome.rejected(REASON));
    }
  }

  private static void assertHas(String address, Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    assertEquals(2, lines.size(), lines::toString);
    assertTrue(lines.get(1).startsWith(address + ","), lines::toString);
  }

  /** One that has slept begins its file when the one that took it over is through with its own. */
  @Test
  void aFileThatAnotherRunHasMadeMeanwhileStays() throws Exception {
    Reports sleeper = open();
    try (Reports next = open()) {
      reject(next, "next");
    }
    reject(sleeper, "sleeper");
    sleeper.close();
    Path beside = folder.resolve("rejects.csv.2");
    assertHas("next", rejects());
    assertHas("sleeper", beside);
    assertEquals(beside, sleeper.rejectsFile());
    assertEquals(
        List.of(
            rejects() + " was made by another run meanwhile; this one's rejects are in " + beside),
        notices);
  }

  @Test
  void aFileOfAnEarlierRunIsKeptAsOld() throws Exception {
    try (Reports earlier = open()) {
      reject(earlier, "earlier");
      assertEquals(rejects(), earlier.rejectsFile());
    }
    try (Reports later = open()) {
      assertNull(later.rejectsFile());
      reject(later, "later");
    }
    assertHas("later", rejects());
    assertHas("earlier", folder.resolve("rejects.csv.old"));
  }

  /** Before anything is loaded: neither is moved away nor replaced. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void standardOutputThatIsRedirectedIsRefused() throws Exception {
    try (OpenFile open = OpenFile.of(Files.createFile(folder.resolve("redirected.csv")))) {
      for (String option : List.of("--rejects", "--outcomes")) {
        boolean isFirst = option.equals("--rejects");
        UncheckedIOException refused =
            assertThrows(
                UncheckedIOException.class,
                () ->
                    Reports.checkPlaces(
                        isFirst ? open.link() : rejects(), isFirst ? null : open.link()));
        assertEquals(
            option
                + " "
                + open.link()
                + ": can't be written: it leads to a file that is open already;"
                + " name that file, or another",
            refused.getMessage());
      }
      Reports.checkPlaces(rejects(), folder.resolve("redirected.csv")); // the control: by its name
    }
  }
}
