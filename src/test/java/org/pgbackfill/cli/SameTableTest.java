package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * The same export gives the same table at any number of threads: of a key the first record wins.
 */
@Tag("database")
class SameTableTest {
  private static final int RECORDS = 1_000;
  private static final int KEYS = 350;
  private static final String LINK = "c0ffee00-0000-4000-8000-000000000001";

  /** What is loaded; one text is the key of either, and {@code shown} names the record. */
  enum Command {
    CONTACTS("--table", "", "link_id,email_address,name", "email_address", "name"),
    JOBS("--prefix", "jobs", "queue,unique_key,func", "unique_key", "func");

    private final String option;
    private final String suffix;
    private final String header;
    private final String key;
    private final String shown;

    Command(String option, String suffix, String header, String key, String shown) {
      this.option = option;
      this.suffix = suffix;
      this.header = header;
      this.key = key;
      this.shown = shown;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    List<String> record(String key, int number) {
      return List.of(this == CONTACTS ? LINK : "default", key, "record " + number);
    }
  }

  private final TestDatabase database = TestServer.shared().database();

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "CONTACTS, 1, false", "CONTACTS, 3, false", "CONTACTS, 1, true", "CONTACTS, 3, true",
    "JOBS, 1, false", "JOBS, 3, false", "JOBS, 1, true", "JOBS, 3, true",
  })
  void theFirstRecordOfAKeyWinsAtAnyNumberOfThreads(Command command, int files, boolean ids) {
    Records export = export(command);
    if (ids) {
      List<UUID> given = Keys.uuids(RECORDS, 9);
      export = export.with("id", i -> given.get(i).toString());
    }
    List<Path> paths = split(export, files);
    for (int[] each : new int[][] {{1, 200}, {2, 50}, {8, 20}}) {
      String name = "at_" + each[0];
      Path outcomes = folder.resolve(name + ".csv");
      List<Object> words = new ArrayList<>(List.of(command.word()));
      words.addAll(paths);
      words.addAll(List.of("--create-table", command.option, name, "--outcomes", outcomes));
      words.addAll(List.of("--threads", each[0], "--chunk-size", each[1]));
      Cli.Result result = Cli.on(database).json(words.toArray());
      assertEquals(0, result.status(), result::toString);
      String table = name + command.suffix;
      assertFirstWon(command, export, table, Records.read(outcomes), ids);
    }
  }

  /** Every key three times on average, anywhere; some jobs have none. */
  private static Records export(Command command) {
    List<String> keys = Keys.addresses(KEYS, 8);
    Random random = new Random(8);
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < RECORDS; i++) {
      String key = keys.get(random.nextInt(KEYS));
      boolean keyed = command == Command.CONTACTS || random.nextInt(10) > 0;
      rows.add(command.record(keyed ? key : "", i));
    }
    return new Records(List.of(command.header.split(",")), rows);
  }

  private List<Path> split(Records export, int files) {
    List<Path> paths = new ArrayList<>();
    for (int file = 0; file < files; file++) {
      Records part = export.part(RECORDS * file / files, RECORDS * (file + 1) / files);
      paths.add(part.write(folder.resolve("export-" + file + ".csv")));
    }
    return paths;
  }

  /** Table and outcomes are what the export alone says; derived ids grow in its order. */
  private void assertFirstWon(
      Command command, Records export, String table, Records outcomes, boolean ids) {
    assertEquals(RECORDS, outcomes.size());
    Map<String, Integer> firstByKey = new HashMap<>();
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < RECORDS; i++) {
      String key = export.value(i, command.key);
      Integer earlier = key.isEmpty() ? null : firstByKey.putIfAbsent(key, i);
      int first = earlier == null ? i : earlier;
      String id = outcomes.value(i, "id");
      assertEquals(first == i ? "inserted" : "duplicate", outcomes.value(i, "outcome"));
      assertEquals(outcomes.value(first, "id"), id);
      if (ids) {
        assertEquals(export.value(first, "id"), id);
      }
      if (first == i) {
        rows.add(id + "|" + export.value(i, command.shown));
      } else if (!ids || !outcomes.value(i, "detail").isEmpty()) {
        assertEquals(
            "as in " + outcomes.value(first, "file") + " line " + outcomes.value(first, "line"),
            outcomes.value(i, "detail"));
      }
    }
    if (ids) {
      Collections.sort(rows);
    }
    assertEquals(
        rows, database.rows("SELECT id, " + command.shown + " FROM " + table + " ORDER BY id"));
  }

  /** Two dumps of the queue's own table, between which half of the jobs finished. */
  @Test
  void theFirstOfTwoDumpsOfAQueueWins() {
    List<String> keys = Keys.texts(300, 10);
    List<UUID> ids = Keys.uuids(300, 11);
    List<List<String>> before = new ArrayList<>();
    List<List<String>> after = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      String id = ids.get(i).toString();
      String key = i % 10 == 0 ? "" : keys.get(i);
      before.add(List.of(id, "app.sync", key, "pending"));
      after.add(List.of(id, "app.sync", key, i % 2 == 0 ? "pending" : "succeeded"));
    }
    List<String> header = List.of("id", "func", "unique_key", "state");
    Path first = new Records(header, before).shuffled(1).write(folder.resolve("before.csv"));
    Path second = new Records(header, after).shuffled(2).write(folder.resolve("after.csv"));
    for (int[] each : new int[][] {{1, 1_000}, {1, 70}, {2, 50}, {8, 20}}) {
      String prefix = "at_" + each[0] + "_" + each[1] + "_";
      List<Object> words = new ArrayList<>(List.of("jobs", first, second, "--create-table"));
      words.addAll(List.of("--prefix", prefix, "--threads", each[0], "--chunk-size", each[1]));
      Cli.Result result = Cli.on(database).json(words.toArray());
      assertEquals(0, result.status(), result::toString);
      assertEquals(300, result.count("inserted"), result::toString);
      assertEquals(300, result.count("duplicate"), result::toString);
      assertEquals(
          List.of("300|300"),
          database.rows(
              "SELECT count(*), count(*) FILTER (WHERE state = 'pending') FROM "
                  + prefix
                  + "jobs"));
    }
  }

  /** Ids and keys point to different jobs: nothing is lost, and chunks make no difference. */
  @Test
  void aKeyIsFreeAgainWhenItsJobHasFinishedWhereverTheChunkEnds() {
    Records export =
        Records.parse(
            """
            id,func,unique_key,state
            00000000-0000-4000-8000-00000000000a,app.sync,held,pending
            00000000-0000-4000-8000-00000000000a,app.sync,held,succeeded
            00000000-0000-4000-8000-00000000000b,app.sync,free,pending
            00000000-0000-4000-8000-00000000000c,app.sync,free,pending
            00000000-0000-4000-8000-00000000000d,app.sync,free,pending
            """);
    Path file = export.write(folder.resolve("jobs.csv"));
    Path empty = export.part(0, 0).write(folder.resolve("empty.csv"));
    Path outcomeFile = folder.resolve("outcomes.csv");
    for (int chunkSize : new int[] {1, 2, 3, 1_000}) {
      String prefix = "by_" + chunkSize + "_";
      Cli.Result made = Cli.on(database).json("jobs", empty, "--create-table", "--prefix", prefix);
      assertEquals(0, made.status(), made::toString);
      database.run(
          """
          INSERT INTO %sjobs (id, queue, func, unique_key, state) VALUES
            ('00000000-0000-4000-8000-00000000000f', 'default', 'app.sync', 'held', 'running'),
            ('00000000-0000-4000-8000-00000000000b', 'default', 'app.sync', 'free', 'succeeded')
          """
              .formatted(prefix));
      Cli.Result result =
          Cli.on(database)
              .json(
                  "jobs",
                  file,
                  "--prefix",
                  prefix,
                  "--chunk-size",
                  chunkSize,
                  "--outcomes",
                  outcomeFile);
      assertEquals(0, result.status(), result::toString);
      Records outcomes = Records.read(outcomeFile);
      assertEquals(
          List.of("existing", "inserted", "existing", "inserted", "duplicate"),
          outcomes.column("outcome"));
      assertEquals(
          List.of("f", "a", "b", "c", "c"),
          outcomes.column("id").stream().map(id -> id.substring(35)).toList());
    }
  }
}
