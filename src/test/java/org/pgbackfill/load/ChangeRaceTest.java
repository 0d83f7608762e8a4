package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.LockOrder;
import org.pgbackfill.target.Row;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * Runs that change the same rows at once, from exports in different orders, beside live updates
 * and, with jobs, pushes: in key order the server counts no deadlock, and in the order of arrival
 * it does.
 */
@Tag("database")
class ChangeRaceTest {
  private static final int RUNS = 4;
  private static final int CHUNK = 30;
  private static final List<String> KEYS = Keys.addresses(200, 1);

  /** Keeps transactions open long enough to meet, on a machine with one core as well. */
  private static final String TAKE_TIME =
      """
      CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END';
      CREATE TRIGGER take_time BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION take_time()
      """;

  private final TestDatabase database = TestServer.shared().database();

  @ParameterizedTest
  @EnumSource
  void inKeyOrderNobodyMeetsADeadlock(ChangeKind kind) {
    List<Outcome> outcomes = race(kind, kind.lockOrder());
    assertEquals(0, database.deadlocks());
    assertEquals(RUNS * KEYS.size(), outcomes.size());
    for (Outcome outcome : outcomes) {
      assertTrue(
          List.of("existing", "filled", "overwritten", "duplicate").contains(outcome.kind().word()),
          outcome::toString);
    }
  }

  /** The control. */
  @ParameterizedTest
  @EnumSource
  void inTheOrderOfArrivalTheServerCountsDeadlocks(ChangeKind kind) {
    var unused = race(kind, Kind.arrival());
    assertTrue(database.deadlocks() > 0);
  }

  private List<Outcome> race(ChangeKind kind, Comparator<Row> order) {
    kind.createRows(database, KEYS);
    database.run(TAKE_TIME.formatted(kind.kind.table()));
    AtomicBoolean end = new AtomicBoolean();
    List<Background<Boolean>> live = new ArrayList<>();
    live.add(Background.start(() -> oneByOne(kind, end)));
    live.add(Background.start(() -> sorted(kind, end)));
    if (kind.kind == Kind.JOBS) {
      live.add(Background.start(() -> pushes(end)));
    }
    List<Background<List<Outcome>>> runs = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      String csv = kind.csv(database, shuffled(new Random(run)), run + 1);
      runs.add(Background.start(() -> change(kind, csv, order)));
    }
    List<Outcome> outcomes = new ArrayList<>();
    runs.forEach(run -> outcomes.addAll(run.join()));
    end.set(true);
    live.forEach(Background::join);
    return outcomes;
  }

  private static List<String> shuffled(Random random) {
    List<String> keys = new ArrayList<>(KEYS);
    Collections.shuffle(keys, random);
    return keys;
  }

  private List<Outcome> change(ChangeKind kind, String csv, Comparator<Row> order) {
    try (TestRun run = kind.run(database, csv, order, TestRun.RETRY)) {
      return run.load(CHUNK);
    }
  }

  /** A worker that never sorts, and needs not: it holds one row at a time. */
  private boolean oneByOne(ChangeKind kind, AtomicBoolean end) {
    Random random = new Random(11);
    try (Session session = Session.open(database)) {
      while (!end.get()) {
        live(session, kind.updateOne(), KEYS.get(random.nextInt(KEYS.size())));
      }
    }
    return true;
  }

  private boolean sorted(ChangeKind kind, AtomicBoolean end) {
    Random random = new Random(12);
    try (Session session = Session.open(database)) {
      while (!end.get()) {
        String[] some = shuffled(random).subList(0, 20).toArray(String[]::new);
        live(session, kind.updateMany(), (Object) some);
      }
    }
    return true;
  }

  /** It may die of a deadlock, where there are any. */
  private static void live(Session session, String sql, Object value) {
    String state = session.attempt(sql, value);
    if (state == null) {
      session.commit();
    } else {
      assertEquals("40P01", state);
      session.rollback();
    }
  }

  /** The same jobs and new ones, again and again. */
  private boolean pushes(AtomicBoolean end) {
    for (int push = 0; !end.get(); push++) {
      List<String> keys = shuffled(new Random(push));
      keys.addAll(Keys.addresses(20, 100 + push));
      try (TestRun run = Kind.JOBS.run(database, keys, LockOrder.JOBS, TestRun.RETRY)) {
        var unused = run.load(CHUNK);
      }
    }
    return true;
  }

  private static final String A = "a@example.com";
  private static final String Z = "z@example.com";

  /** As bytes the first of them is the smaller one, as UTF-16 units the second. */
  private static final String FULLWIDTH = "\uFF41@example.com";

  private static final String EMOJI = "😀@example.com";

  /** Somebody holds the third of four, and the run stands before it with two in hand. */
  @ParameterizedTest
  @EnumSource
  void whileItWaitsItHoldsSmallerKeysAlone(ChangeKind kind) {
    assertEquals(List.of(EMOJI), freeWhileItWaits(kind, kind.lockOrder()));
  }

  /** The control. */
  @ParameterizedTest
  @EnumSource
  void inTheOrderOfArrivalItHoldsLargerOnes(ChangeKind kind) {
    assertEquals(List.of(A, Z), freeWhileItWaits(kind, Kind.arrival()));
  }

  private List<String> freeWhileItWaits(ChangeKind kind, Comparator<Row> order) {
    List<String> export = List.of(EMOJI, FULLWIDTH, Z, A);
    kind.createRows(database, export);
    String csv = kind.csv(database, export, 7);
    try (Session holder = Session.open(database)) {
      holder.run(
          "SELECT FROM %s WHERE %s = ? FOR UPDATE".formatted(kind.kind.table(), kind.key()),
          FULLWIDTH);
      Background<List<Outcome>> run = Background.start(() -> change(kind, csv, order));
      holder.awaitBlocked(1);
      List<String> free =
          database.rows(
              "SELECT %2$s FROM %1$s ORDER BY %2$s COLLATE \"C\" FOR UPDATE SKIP LOCKED"
                  .formatted(kind.kind.table(), kind.key()));
      holder.rollback();
      assertEquals(export.size(), run.join().size());
      return free;
    }
  }
}
