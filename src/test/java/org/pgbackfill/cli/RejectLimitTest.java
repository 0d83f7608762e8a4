package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code --max-rejects}: how many are put up with, and what is left behind beyond. */
@Tag("database")
class RejectLimitTest {
  private Trial trial;

  @BeforeEach
  void begin(@TempDir Path folder) {
    trial = new Trial(folder);
  }

  /** So many contacts, of which every so-manieth is no contact. */
  private Path export(int records, int badEvery) {
    List<String> lines = new ArrayList<>(List.of("link_id,email_address"));
    for (int i = 1; i <= records; i++) {
      lines.add(Trial.LINK + ",u" + i + (i % badEvery == 0 ? "" : "@example.com"));
    }
    return trial.file("export.csv", lines.toArray(String[]::new));
  }

  @ParameterizedTest(name = "10 rejects of 50, --max-rejects {0}: exit status {1}")
  @CsvSource({"10,0", "11,0", "9,4", "0,4", "20%,0", "20.5%,0", "100%,0", "19.9%,4", "0%,4"})
  void decidesTheExitStatus(String limit, int status) {
    Cli.Result result = trial.contacts(export(50, 5), "--max-rejects", limit);
    assertEquals(status, result.status(), result::toString);
    if (status == 0) {
      assertEquals(List.of(50L, 40L, 0L, 0L, 10L), Trial.counts(result));
      assertEquals("succeeded", result.field("state"));
      assertEquals(11, trial.rejects().size());
    } else {
      assertEquals("failed", result.field("state"));
      assertEquals("more rejects than --max-rejects " + limit + " allows", result.field("reason"));
      assertTrue(result.count("rejected") > 0);
      assertEquals(result.count("rejected") + 1, trial.rejects().size());
    }
  }

  @Test
  void withoutItAnyNumberIsTold() {
    Cli.Result result = trial.contacts(export(50, 2));
    assertEquals(3, result.status(), result::toString);
    assertEquals(List.of(50L, 25L, 0L, 0L, 25L), Trial.counts(result));
  }

  @Test
  void withoutRejectsItChangesNothing() {
    assertEquals(0, trial.contacts(export(50, 100), "--max-rejects", "0").status());
  }

  @Test
  void whatWasLoadedStays() {
    Cli.Result result =
        trial.contacts(export(400, 100), "--max-rejects", "2", "--threads", 1, "--chunk-size", 10);
    assertEquals(4, result.status(), result::toString);
    assertEquals(3, result.count("rejected"));
    long inserted = result.count("inserted");
    assertTrue(inserted > 0 && inserted <= 297, result::toString);
    assertEquals(inserted, trial.database.number("SELECT count(*) FROM email_contacts"));
    assertEquals(
        inserted, trial.told().stream().filter(told -> told.endsWith(" inserted")).count());
  }

  @Test
  void rejectsOfTheDatabaseCount() {
    trial.database.run(Trial.CONTACTS);
    trial.database.run("ALTER TABLE email_contacts ADD CHECK (email_address NOT LIKE 'u%0@%')");
    Path export = export(50, 100);
    Cli.Result result = trial.contacts(export, "--max-rejects", "4", "--chunk-size", 50);
    assertEquals(4, result.status(), result::toString);
    assertEquals(5, result.count("rejected"), result::toString);
    result = trial.contacts(export, "--max-rejects", "5", "--again");
    assertEquals(0, result.status(), result::toString);
  }

  @Test
  void aPercentageIsOfTheRecordsReadAlsoWhileNoneOfTheGoodOnesIsIn() {
    // All 1,500 rejects are known before the first chunk is.
    Path export = export(15_000, 10);
    Cli.Result result =
        trial.contacts(export, "--max-rejects", "10%", "--threads", 1, "--chunk-size", 20_000);
    assertEquals(0, result.status(), result::toString);
    assertEquals(List.of(15_000L, 13_500L, 0L, 0L, 1_500L), Trial.counts(result));
  }

  @Test
  void aPercentageStopsTheRunOnTheWay() {
    Path export = export(30_000, 3);
    Cli.Result result =
        trial.contacts(export, "--max-rejects", "30%", "--threads", 1, "--chunk-size", 100);
    assertEquals(4, result.status(), result::toString);
    // Not before there is enough to say so, and not at the end.
    assertTrue(result.count("rejected") >= 333, result::toString);
    assertTrue(result.count("read") < 2_000, result::toString);
  }
}
