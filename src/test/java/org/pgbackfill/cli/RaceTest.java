package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * Several loaders at once, each with several lanes, over overlapping exports in different orders.
 * What becomes of such a race without the lock order shows in {@code load.DeadlockRaceTest}.
 */
@Tag("database")
class RaceTest {
  private static final int LOADERS = 4;
  private static final int KEYS = 1_200;

  private static final String BYTES = "";
  private static final String GERMAN = "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'";

  private static final String CONTACTS =
      "SELECT id, link_id || '/' || email_address FROM email_contacts";
  private static final String JOBS = "SELECT id, coalesce(unique_key, '') FROM chancy_jobs";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {BYTES, GERMAN})
  void contactsAreTheUnionAndNobodyMetADeadlock(String collation) {
    TestDatabase database = database(collation);
    createSlowTable(database, "contacts", "link_id,email_address\n", "email_contacts");
    List<Loaded> loaders = race(database, "contacts", contacts());
    assertEquals(0, database.deadlocks());
    assertIsUnion(database.rows(CONTACTS), loaders);
  }

  @ParameterizedTest
  @ValueSource(strings = {BYTES, GERMAN})
  void jobsAreTheUnionAndNobodyMetADeadlock(String collation) {
    TestDatabase database = database(collation);
    createSlowTable(database, "jobs", "func\n", "chancy_jobs");
    List<Loaded> loaders = race(database, "jobs", jobs());
    assertEquals(0, database.deadlocks());
    assertIsUnion(database.rows(JOBS), loaders);
  }

  @Test
  void allMayMakeTheTableAtOnce() {
    TestDatabase database = TestServer.shared().database();
    List<Loaded> loaders = race(database, "contacts", contacts(), "--create-table");
    assertIsUnion(database.rows(CONTACTS), loaders);
    loaders = race(database, "jobs", jobs(), "--create-table");
    assertIsUnion(database.rows(JOBS), loaders);
    assertEquals(0, database.deadlocks());
  }

  /** Byte order and the database's own differ in the second case, as the first check shows. */
  private static TestDatabase database(String collation) {
    TestDatabase database = TestServer.shared().database(collation);
    assertEquals(List.of(collation.equals(GERMAN) ? "t" : "f"), database.rows("SELECT 'a' < 'B'"));
    return database;
  }

  /** Rows that take their time keep transactions open long enough to meet. */
  private static void createSlowTable(
      TestDatabase database, String command, String header, String table) {
    Cli.Result made =
        Cli.on(database)
            .stdin(header.getBytes(StandardCharsets.UTF_8))
            .json(command, "-", "--create-table");
    assertEquals(0, made.status(), made::toString);
    database.run(
        """
        CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END';
        CREATE TRIGGER take_time BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION take_time()
        """
            .formatted(table));
  }

  private static Records contacts() {
    List<UUID> links = Keys.uuids(6, 1);
    List<String> addresses = Keys.addresses(KEYS, 2);
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      rows.add(List.of(links.get(i % links.size()).toString(), addresses.get(i), "Nº " + i));
    }
    return new Records(List.of("link_id", "email_address", "name"), rows);
  }

  private static Records jobs() {
    List<List<String>> rows = new ArrayList<>();
    for (String key : Keys.texts(KEYS, 3)) {
      rows.add(List.of("app.sync", key));
    }
    for (int i = 0; i < 100; i++) {
      rows.add(List.of("app.unkeyed", ""));
    }
    return new Records(List.of("func", "unique_key"), rows);
  }

  /**
   * What one loader was given, and how it went.
   *
   * @param outcomes the outcome file
   */
  private record Loaded(Records export, Cli.Result result, Records outcomes) {}

  private List<Loaded> race(TestDatabase database, String command, Records all, Object... more) {
    List<Background<Loaded>> loaders = new ArrayList<>();
    for (int loader = 0; loader < LOADERS; loader++) {
      Records most = all.shuffled(loader).part(0, all.size() * 4 / 5);
      Records export = most.and(most.part(0, all.size() / 20)).shuffled(loader);
      Path file = export.write(folder.resolve(command + loader + ".csv"));
      loaders.add(Background.start(() -> load(database, command, export, file, more)));
    }
    return loaders.stream().map(Background::join).toList();
  }

  private Loaded load(
      TestDatabase database, String command, Records export, Path file, Object... more) {
    Path outcomes = file.resolveSibling(file.getFileName() + ".outcomes");
    List<Object> words = new ArrayList<>(List.of(command, file, "--outcomes", outcomes));
    words.addAll(List.of("--threads", 3, "--chunk-size", 40));
    words.addAll(List.of(more));
    Cli.Result result = Cli.on(database).json(words.toArray());
    return new Loaded(export, result, Records.read(outcomes));
  }

  /** Each key once and nothing else, inserted by one of them, and every reference is right. */
  private static void assertIsUnion(List<String> tableRows, List<Loaded> loaders) {
    Map<String, String> keyById = new HashMap<>();
    for (String row : tableRows) {
      int bar = row.indexOf('|');
      keyById.put(row.substring(0, bar), row.substring(bar + 1));
    }
    Set<String> keys = new HashSet<>();
    long unkeyed = 0;
    long inserted = 0;
    for (Loaded loaded : loaders) {
      assertEquals(0, loaded.result().status(), loaded.result()::toString);
      assertEquals(loaded.export().size(), loaded.result().count("read"));
      inserted += loaded.result().count("inserted");
      assertEquals(loaded.export().size(), loaded.outcomes().size());
      for (int i = 0; i < loaded.export().size(); i++) {
        String key = key(loaded.export(), i);
        assertEquals(key, loaded.outcomes().value(i, "key"));
        assertEquals(key, keyById.get(loaded.outcomes().value(i, "id")));
        keys.add(key);
        unkeyed += key.isEmpty() ? 1 : 0;
      }
    }
    keys.remove("");
    assertEquals(keys.size() + unkeyed, tableRows.size());
    assertTrue(keyById.values().containsAll(keys));
    assertEquals(tableRows.size(), inserted);
  }

  private static String key(Records export, int row) {
    return export.header().contains("link_id")
        ? export.value(row, "link_id") + "/" + export.value(row, "email_address")
        : export.value(row, "unique_key");
  }
}
