package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Two transactions stepped against each other: each case goes the same way every time. */
@Tag("database")
class SteppedDeadlockTest {
  private static final String A = "a@example.com";
  private static final String B = "b@example.com";
  private static final String C = "c@example.com";
  private static final String D = "d@example.com";

  private final TestDatabase database = TestServer.shared().database();

  @ParameterizedTest
  @EnumSource
  void twoRunsOfOppositeExportsBothGetThroughInLockOrder(Kind kind) {
    List<Ending> endings = stepTwoRuns(kind, kind.lockOrder(), TestRun.NO_RETRY);
    assertEquals(List.of("", ""), endings.stream().map(Ending::failure).toList());
    assertEquals(List.of("inserted", "inserted", "inserted"), words(endings.get(0)));
    assertEquals(List.of("existing", "inserted", "existing"), words(endings.get(1)));
    assertEquals(0, database.deadlocks());
    assertEquals(List.of(A, B, C, D), kind.keysIn(database));
  }

  @ParameterizedTest
  @EnumSource
  void oneOfThemDiesInTheOrderOfArrival(Kind kind) {
    List<Ending> endings = stepTwoRuns(kind, Kind.arrival(), TestRun.NO_RETRY);
    List<String> failures =
        endings.stream().map(Ending::failure).filter(f -> !f.isEmpty()).toList();
    assertEquals(1, failures.size(), failures::toString);
    assertTrue(
        failures.get(0).contains("gave up after 0 s and 0 retries: 40P01: deadlock detected"),
        failures::toString);
    assertEquals(1, database.deadlocks());
  }

  /** The net below: a cycle that others make costs a retry, and no record. */
  @ParameterizedTest
  @EnumSource
  void aRetryGetsItThroughAllTheSame(Kind kind) {
    List<Ending> endings = stepTwoRuns(kind, Kind.arrival(), TestRun.RETRY);
    assertEquals(List.of("", ""), endings.stream().map(Ending::failure).toList());
    assertEquals(1, endings.stream().mapToLong(Ending::retries).sum());
    assertEquals(1, database.deadlocks());
    assertEquals(List.of(A, B, C, D), kind.keysIn(database));
  }

  /** How a run went; no outcomes when there is a failure. */
  private record Ending(List<Outcome> outcomes, String failure, long retries) {}

  private static List<String> words(Ending ending) {
    return ending.outcomes().stream().map(o -> o.kind().word()).toList();
  }

  /**
   * A, B, D against D, C, A, each stopped in its middle: somebody else holds B and C until both
   * wait, and lets go.
   */
  private List<Ending> stepTwoRuns(Kind kind, Comparator<Row> order, Duration retryTotal) {
    kind.createTable(database);
    try (Session holder = Session.open(database)) {
      kind.insert(holder, B);
      kind.insert(holder, C);
      Background<Ending> one = start(kind, List.of(A, B, D), order, retryTotal);
      holder.awaitBlocked(1); // by the first run, which has A
      Background<Ending> other = start(kind, List.of(D, C, A), order, retryTotal);
      database.awaitWaiting(2); // in lock order for A, in order of arrival for C with D in hand
      holder.rollback();
      return List.of(one.join(), other.join());
    }
  }

  private Background<Ending> start(
      Kind kind, List<String> keys, Comparator<Row> order, Duration retryTotal) {
    return Background.start(
        () -> {
          try (TestRun run = kind.run(database, keys, order, retryTotal)) {
            try {
              List<Outcome> outcomes = run.load(keys.size());
              return new Ending(outcomes, "", run.retries());
            } catch (LoadException e) {
              return new Ending(List.of(), e.getMessage(), run.retries());
            }
          }
        });
  }

  /** As bytes the first of them is the smaller one, as UTF-16 units the second. */
  private static final String FULLWIDTH = "\uFF41@example.com";

  private static final String EMOJI = "😀@example.com";

  @ParameterizedTest
  @EnumSource
  void aProgramThatSortsByBytesIsNotInTheWay(Kind kind) {
    assertEquals(List.of(), stepAgainstBytes(kind, kind.lockOrder()));
    assertEquals(0, database.deadlocks());
  }

  @ParameterizedTest
  @EnumSource
  void javasOwnOrderIsInItsWay(Kind kind) {
    List<String> deaths = stepAgainstBytes(kind, kind.javasOrder());
    assertEquals(1, deaths.size(), deaths::toString);
    assertTrue(deaths.get(0).contains("40P01"), deaths::toString);
    assertEquals(1, database.deadlocks());
  }

  /**
   * Another program inserts in order of bytes, statement by statement, and a run begins between.
   */
  private List<String> stepAgainstBytes(Kind kind, Comparator<Row> order) {
    kind.createTable(database);
    List<String> deaths = new ArrayList<>();
    try (Session program = Session.open(database)) {
      kind.insert(program, FULLWIDTH);
      Background<Ending> run = start(kind, List.of(EMOJI, FULLWIDTH), order, TestRun.NO_RETRY);
      program.awaitBlocked(1);
      try {
        kind.insert(program, EMOJI);
        program.commit();
      } catch (IllegalStateException e) {
        deaths.add(e.getMessage());
        program.rollback();
      }
      Ending ending = run.join();
      if (!ending.failure().isEmpty()) {
        deaths.add(ending.failure());
      }
    }
    return deaths;
  }
}
