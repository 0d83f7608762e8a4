package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * Many runs at once over the same keys in different orders: with the lock order the server counts
 * no deadlock, and without it, in the same race, it does.
 */
@Tag("database")
class DeadlockRaceTest {
  private static final int RUNS = 6;
  private static final int CHUNK = 30;

  /** Keeps transactions open long enough to meet, on a machine with one core as well. */
  private static final String BY_INSERT =
      """
      CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END';
      CREATE TRIGGER take_time BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION take_time()
      """;

  /** The same by a default, for a trigger keeps COPY away. */
  private static final String BY_COPY =
      """
      CREATE FUNCTION take_time() RETURNS text LANGUAGE plpgsql VOLATILE
        AS 'BEGIN PERFORM pg_sleep(0.001); RETURN current_query(); END';
      ALTER TABLE %s ADD COLUMN way text;
      ALTER TABLE %1$s ALTER COLUMN way SET DEFAULT take_time()
      """;

  private static final List<String> KEYS = Keys.addresses(300, 1);

  private final TestDatabase database = TestServer.shared().database();

  @ParameterizedTest
  @EnumSource
  void inLockOrderNobodyMeetsADeadlock(Kind kind) {
    race(kind, kind.lockOrder(), BY_INSERT);
    assertEquals(0, database.deadlocks());
  }

  /** Whoever is second gets 23505 for his COPY, and goes on by INSERT. */
  @ParameterizedTest
  @EnumSource
  void inLockOrderNobodyMeetsADeadlockByCopyEither(Kind kind) {
    race(kind, kind.lockOrder(), BY_COPY);
    assertEquals(0, database.deadlocks());
    assertTrue(
        database.number("SELECT count(*) FROM %s WHERE way LIKE 'COPY%%'".formatted(kind.table()))
            > 0,
        "nothing went by COPY: the test says nothing of it");
  }

  /** The control of that one. */
  @ParameterizedTest
  @EnumSource
  void inTheOrderOfArrivalCopiesMeetDeadlocks(Kind kind) {
    race(kind, Kind.arrival(), BY_COPY);
    assertTrue(database.deadlocks() > 0);
  }

  /** The control: every row gets in all the same, for retries hide what the server counts. */
  @ParameterizedTest
  @EnumSource
  void inTheOrderOfArrivalTheServerCountsDeadlocks(Kind kind) {
    race(kind, Kind.arrival(), BY_INSERT);
    assertTrue(database.deadlocks() > 0);
  }

  private void race(Kind kind, Comparator<Row> order, String takeTime) {
    kind.createTable(database);
    database.run(takeTime.formatted(kind.table()));
    List<Background<List<Outcome>>> runs = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      List<String> keys = new ArrayList<>(KEYS);
      Collections.shuffle(keys, new Random(run));
      runs.add(Background.start(() -> load(kind, keys, order)));
    }
    long inserted = 0;
    for (Background<List<Outcome>> run : runs) {
      inserted += run.join().stream().filter(o -> o.kind() == Outcome.Kind.INSERTED).count();
    }
    assertEquals(KEYS.size(), inserted);
    assertEquals(KEYS.stream().sorted(Keys::compareTexts).toList(), kind.keysIn(database));
  }

  private List<Outcome> load(Kind kind, List<String> keys, Comparator<Row> order) {
    try (TestRun run = kind.run(database, keys, order, TestRun.RETRY)) {
      return run.load(CHUNK);
    }
  }
}
