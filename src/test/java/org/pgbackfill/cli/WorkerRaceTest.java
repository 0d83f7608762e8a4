package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.Records;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;

/**
 * A worker that updates jobs in arbitrary order, while exports with the same jobs are pushed. The
 * control is a push that is sorted as well, but asks for the ids by DO UPDATE.
 */
@Tag("database")
class WorkerRaceTest {
  private static final List<String> KEYS = Keys.texts(1_200, 5);
  private static final String FIRST = KEYS.stream().min(Keys::compareTexts).orElseThrow();
  private static final String LAST = KEYS.stream().max(Keys::compareTexts).orElseThrow();

  /** How many jobs are new in each push. */
  private static final int FRESH = 50;

  private static final int TO_A_TRANSACTION = 1_000;

  private static final String PUSH_BY_UPDATE =
      """
      INSERT INTO chancy_jobs (id, queue, func, unique_key)
      SELECT gen_random_uuid(), 'default', 'app.sync', key
      FROM unnest(?::text[]) AS key
      ORDER BY key COLLATE "C"
      ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND state NOT IN ('succeeded', 'failed')
      DO UPDATE SET unique_key = excluded.unique_key
      RETURNING id
      """;

  private static final String UPDATE_ONE =
      "UPDATE chancy_jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?";
  private static final String UPDATE_MANY =
      "UPDATE chancy_jobs SET state = 'retrying', attempts = attempts + 1 WHERE id = ANY (?)";

  private static final String INSERT =
      "INSERT INTO chancy_jobs (id, queue, func, unique_key)"
          + " VALUES (gen_random_uuid(), 'default', 'app.sync', ?)";

  private static final String VERSIONS = "SELECT ctid, xmin, id FROM chancy_jobs";

  private static final String LOCKS =
      """
      SELECT DISTINCT locktype, mode
      FROM pg_locks
      WHERE relation = 'chancy_jobs'::regclass
        AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgbackfill%')
      ORDER BY mode
      """;

  private final TestDatabase database = TestServer.shared().database();

  @TempDir private Path folder;

  @BeforeEach
  void loadJobs() {
    Cli.Result result = push(export(KEYS), "--create-table");
    assertEquals(KEYS.size(), result.count("inserted"), result::toString);
  }

  @Test
  void pushesAgainAndAgainMeetNoDeadlockAndEveryReferenceIsRight() {
    Map<String, String> idByKey = idByKey();
    Worker worker = new Worker(idByKey.values());
    try (worker) {
      for (int push = 0; push < 8 || worker.transactions.get() < 10; push++) {
        pushAllAndSomeMore(push, idByKey);
      }
    }
    assertEquals(0, worker.deaths.get());
    assertEquals(0, database.deadlocks());
  }

  private void pushAllAndSomeMore(int push, Map<String, String> idByKey) {
    Records export = export(Stream.concat(KEYS.stream(), fresh(push)).toList()).shuffled(push);
    Path file = folder.resolve("outcomes.csv");
    Cli.Result result = push(export, "--threads", 3, "--chunk-size", 100, "--outcomes", file);
    assertEquals(0, result.status(), result::toString);
    assertEquals(KEYS.size(), result.count("existing"), result::toString);
    assertEquals(FRESH, result.count("inserted"), result::toString);
    assertEquals(0, result.count("retries"), result::toString);
    Records outcomes = Records.read(file);
    Map<String, String> after = idByKey();
    assertTrue(after.entrySet().containsAll(idByKey.entrySet()));
    for (int i = 0; i < outcomes.size(); i++) {
      assertEquals(after.get(outcomes.value(i, "key")), outcomes.value(i, "id"));
    }
  }

  /** The control. */
  @Test
  void sortedPushesByUpdateMeetDeadlocksInTheSameRace() {
    try (Worker worker = new Worker(idByKey().values());
        Session session = Session.open(database)) {
      Wait.until(
          "a deadlock of the worker and the push",
          () -> pushByUpdate(session, KEYS) != null || worker.deaths.get() > 0);
    }
    assertTrue(database.deadlocks() > 0);
  }

  @Test
  void aPushDoesNotWaitForItsOpenTransaction() {
    Map<String, String> idByKey = idByKey();
    try (Session worker = Session.open(database)) {
      worker.run(UPDATE_ONE, id(idByKey, LAST));
      Cli.Result result = push(export(KEYS));
      assertEquals(0, result.status(), result::toString);
      assertEquals(KEYS.size(), result.count("existing"), result::toString);
      worker.run(UPDATE_ONE, id(idByKey, FIRST));
      worker.commit();
    }
    assertEquals(0, database.deadlocks());
  }

  /** The control: it holds the first job, waits for the last, and closes the circle. */
  @Test
  void aSortedPushByUpdateWaitsForItAndOneOfBothDies() {
    Map<String, String> idByKey = idByKey();
    try (Session worker = Session.open(database);
        Session session = Session.open(database)) {
      worker.run(UPDATE_ONE, id(idByKey, LAST));
      Background<String> push = Background.start(() -> pushByUpdate(session, KEYS));
      worker.awaitBlocked(1);
      String workersEnd = worker.attempt(UPDATE_ONE, id(idByKey, FIRST));
      worker.rollback();
      assertEquals(
          List.of("40P01"),
          Stream.of(Optional.ofNullable(workersEnd), Optional.ofNullable(push.join()))
              .flatMap(Optional::stream)
              .toList());
    }
    assertEquals(1, database.deadlocks());
  }

  /** A push is held open behind its reads and its first insert. */
  @Test
  void aPushOnItsWayHasNoLockOnAnyJobThatWasThere() {
    List<String> before = database.rows(VERSIONS);
    String last = LAST + "z";
    try (Session holder = Session.open(database);
        Session probe = Session.open(database)) {
      holder.run(INSERT, last);
      Background<Cli.Result> push =
          Background.start(
              () ->
                  push(
                      export(Stream.concat(KEYS.stream(), Stream.of(last, "")).toList()),
                      "--threads",
                      1));
      holder.awaitBlocked(1);

      assertEquals(0, database.number("SELECT count(*) FROM chancy_jobs WHERE xmax <> 0"));
      assertEquals(
          List.of("relation|AccessShareLock", "relation|RowExclusiveLock"), database.rows(LOCKS));
      assertNull(probe.attempt("SELECT id FROM chancy_jobs FOR UPDATE NOWAIT"));
      probe.rollback();

      holder.rollback();
      Cli.Result result = push.join();
      assertEquals(KEYS.size(), result.count("existing"), result::toString);
      assertEquals(2, result.count("inserted"), result::toString);
      assertEquals(0, result.count("retries"), result::toString);
    }
    assertTrue(database.rows(VERSIONS).containsAll(before), "a job that was there was rewritten");
  }

  /** The control: the probe does see such a lock. */
  @Test
  void aPushByUpdateOnItsWayHasLocksOnThem() {
    List<String> before = database.rows(VERSIONS);
    try (Session session = Session.open(database);
        Session probe = Session.open(database)) {
      session.run(PUSH_BY_UPDATE, (Object) KEYS.toArray(String[]::new));
      assertEquals(
          KEYS.size(), database.number("SELECT count(*) FROM chancy_jobs WHERE xmax <> 0"));
      assertEquals("55P03", probe.attempt("SELECT id FROM chancy_jobs FOR UPDATE NOWAIT"));
      session.commit();
    }
    assertFalse(database.rows(VERSIONS).containsAll(before));
  }

  /** Updates a thousand jobs to a transaction, one by one or all at once, in arbitrary order. */
  private final class Worker implements AutoCloseable {
    private final AtomicBoolean end = new AtomicBoolean();
    private final AtomicInteger transactions = new AtomicInteger();
    private final AtomicInteger deaths = new AtomicInteger();
    private final List<UUID> ids;
    private final Background<Void> work;

    Worker(Collection<String> ids) {
      this.ids = new ArrayList<>(ids.stream().map(UUID::fromString).toList());
      this.work = Background.start(this::work);
    }

    @Override
    public void close() {
      end.set(true);
      work.join();
    }

    private Void work() throws SQLException {
      Random random = new Random(7);
      try (Connection connection = database.connect()) {
        connection.setAutoCommit(false);
        while (!end.get()) {
          Collections.shuffle(ids, random);
          try {
            update(connection, ids.subList(0, TO_A_TRANSACTION), random.nextBoolean());
            connection.commit();
            transactions.incrementAndGet();
          } catch (SQLException e) {
            if (!"40P01".equals(e.getSQLState())) {
              throw e;
            }
            deaths.incrementAndGet();
            connection.rollback();
          }
        }
      }
      return null;
    }

    private void update(Connection connection, List<UUID> some, boolean oneByOne)
        throws SQLException {
      if (!oneByOne) {
        try (PreparedStatement statement = connection.prepareStatement(UPDATE_MANY)) {
          statement.setArray(1, connection.createArrayOf("uuid", some.toArray()));
          statement.execute();
        }
        return;
      }
      try (PreparedStatement statement = connection.prepareStatement(UPDATE_ONE)) {
        for (UUID id : some) {
          statement.setObject(1, id);
          statement.execute();
        }
      }
    }
  }

  /** The SQLSTATE it fails with, or null. */
  private static String pushByUpdate(Session session, List<String> keys) {
    String state = session.attempt(PUSH_BY_UPDATE, (Object) keys.toArray(String[]::new));
    if (state == null) {
      session.commit();
    } else {
      session.rollback();
    }
    return state;
  }

  private Cli.Result push(Records export, Object... more) {
    List<Object> words = new ArrayList<>(List.of("jobs", export.write(folder.resolve("jobs.csv"))));
    words.addAll(List.of(more));
    return Cli.on(database).json(words.toArray());
  }

  private static Records export(List<String> keys) {
    return new Records(
        List.of("func", "unique_key"), keys.stream().map(k -> List.of("app.sync", k)).toList());
  }

  private static Stream<String> fresh(int push) {
    return IntStream.range(0, FRESH).mapToObj(i -> "push " + push + ", new " + i);
  }

  private Map<String, String> idByKey() {
    Map<String, String> ids = new HashMap<>();
    for (String row : database.rows("SELECT id, unique_key FROM chancy_jobs")) {
      ids.put(row.substring(row.indexOf('|') + 1), row.substring(0, row.indexOf('|')));
    }
    return ids;
  }

  private static UUID id(Map<String, String> idByKey, String key) {
    return UUID.fromString(idByKey.get(key));
  }
}
