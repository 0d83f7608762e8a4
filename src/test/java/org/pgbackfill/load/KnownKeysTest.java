package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Where the table's keys are read once. */
@Tag("database")
class KnownKeysTest {
  private static final List<String> KEYS =
      IntStream.range(0, 3_500).mapToObj(n -> "a" + n + "@example.com").toList();

  private final TestDatabase database = TestServer.shared().database();

  /** A limited rate is kept while they are read, too; into an empty table there are none. */
  @ParameterizedTest
  @EnumSource
  void behindEachThousandThereMayBeRest(Kind kind) {
    kind.createTable(database);
    try (TestRun first = kind.run(database, KEYS, kind.lockOrder(), TestRun.NO_RETRY)) {
      assertEquals(Outcome.Kind.INSERTED, kindOfAll(first));
      assertEquals(List.of(), first.rests());
    }
    try (TestRun again = kind.run(database, KEYS, kind.lockOrder(), TestRun.NO_RETRY)) {
      assertEquals(Outcome.Kind.EXISTING, kindOfAll(again));
      assertEquals(3, again.rests().size());
      assertTrue(again.rests().stream().allMatch(worked -> worked.compareTo(Duration.ZERO) > 0));
    }
  }

  /** A chunk can have 50,000 rows, which is 50 milliseconds and more of looking up. */
  @ParameterizedTest
  @EnumSource
  void betweenAThousandThatAreLookedUpOthersMayHaveTheCore(Kind kind) {
    kind.createTable(database);
    try (TestRun whole = kind.run(database, KEYS, kind.lockOrder(), TestRun.NO_RETRY)) {
      assertEquals(Outcome.Kind.INSERTED, kindOfAll(whole, KEYS.size()));
      assertEquals(3, whole.moments());
    }
    try (TestRun inChunks = kind.run(database, KEYS, kind.lockOrder(), TestRun.NO_RETRY)) {
      assertEquals(Outcome.Kind.EXISTING, kindOfAll(inChunks));
      assertEquals(0, inChunks.moments(), "behind a chunk there is the server to wait for");
    }
  }

  /**
   * The controls: before anybody has read the table's keys, and where the rows are the run's own.
   */
  @ParameterizedTest
  @EnumSource
  void whoHasReadTheKeysKnowsOfAllThatTheyAreThere(Kind kind) {
    kind.createTable(database);
    try (TestRun first = kind.run(database, KEYS, kind.lockOrder(), TestRun.NO_RETRY)) {
      assertEquals(Outcome.Kind.INSERTED, kindOfAll(first));
      assertFalse(first.areThere());
    }
    try (TestRun again = kind.run(database, KEYS, kind.lockOrder(), TestRun.NO_RETRY)) {
      assertFalse(again.areThere());
      assertEquals(Outcome.Kind.EXISTING, kindOfAll(again));
      assertTrue(again.areThere());
    }
    List<String> oneMore = new ArrayList<>(KEYS);
    oneMore.add("new@example.com");
    try (TestRun mixed = kind.run(database, oneMore, kind.lockOrder(), TestRun.NO_RETRY)) {
      List<Outcome.Kind> kinds = mixed.load(1_000).stream().map(Outcome::kind).distinct().toList();
      assertEquals(List.of(Outcome.Kind.EXISTING, Outcome.Kind.INSERTED), kinds);
      assertFalse(mixed.areThere());
    }
  }

  private static Outcome.Kind kindOfAll(TestRun run) {
    return kindOfAll(run, 1_000);
  }

  private static Outcome.Kind kindOfAll(TestRun run, int chunkSize) {
    List<Outcome.Kind> kinds = run.load(chunkSize).stream().map(Outcome::kind).distinct().toList();
    assertEquals(1, kinds.size(), kinds::toString);
    return kinds.get(0);
  }
}
