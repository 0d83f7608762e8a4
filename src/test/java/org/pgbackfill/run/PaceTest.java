package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How large the next chunk is, after chunks of given times. */
class PaceTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private static Pace pace(int most, Duration chunkTime, Long perSecond) {
    return new Pace(most, chunkTime, new Rate(perSecond, () -> 0));
  }

  /** Loads at so many records in a second, for so many chunks. */
  private static void load(Pace pace, double perSecond, int chunks) {
    for (int i = 0; i < chunks; i++) {
      int records = pace.next();
      pace.loaded(records, Duration.ofNanos((long) (records / perSecond * 1e9)));
    }
  }

  @Test
  void withoutATimeEachChunkIsAsLargeAsItMayBe() {
    Pace pace = pace(10_000, null, null);
    load(pace, 10, 3);
    assertEquals(10_000, pace.next());
  }

  @Test
  void chunksGrowAndShrinkTowardsTheirTimeWithinBounds() {
    Pace pace = pace(10_000, SECOND, null);
    assertEquals(Pace.FIRST, pace.next());
    load(pace, 5_000, 20);
    assertEquals(5_000, pace.next(), 100);
    load(pace, 500, 40);
    assertEquals(500, pace.next(), 50);
    load(pace, 1, 40);
    assertEquals(Pace.FEWEST, pace.next());
    load(pace, 1e9, 60);
    assertEquals(10_000, pace.next());
  }

  @Test
  void oneSlowChunkDoesNotUndoWhatManyHaveShown() {
    Pace pace = pace(10_000, SECOND, null);
    load(pace, 5_000, 20);
    load(pace, 2_500, 1);
    assertTrue(pace.next() > 3_500, () -> "" + pace.next());
  }

  @Test
  void aLimitedRateMakesSmallChunks() {
    assertEquals(450, pace(10_000, null, 90_000L).next());
    assertEquals(Pace.FEWEST, pace(10_000, null, 500L).next());
    assertEquals(50, pace(50, null, 500L).next());
  }

  /** What is read at a time is a quarter of a second's, and as much as a chunk has at least. */
  @Test
  void aLimitedRateMakesSmallWindows() {
    assertEquals(22_500, pace(50_000, null, 90_000L).window(1));
    assertEquals(2 * 10_931, pace(50_000, null, 90_000L).window(2));
    assertEquals(10_000, pace(10_000, null, 90_000L).window(1));
    assertEquals(125, pace(10_000, null, 500L).window(1));
    assertEquals(4 * 70, pace(10_000, null, 500L).window(4));
    assertEquals(2 * 9_700, pace(10_000, null, null).window(2));
  }

  @Test
  void whatIsTunedHoldsForTheNextChunk() {
    Pace pace = pace(10_000, null, null);
    pace.setMost(70);
    assertEquals(70, pace.next());
    pace.setMost(5_000);
    pace.setChunkTime(SECOND);
    load(pace, 300, 30);
    assertEquals(300, pace.next(), 10);
    pace.setChunkTime(null);
    assertEquals(5_000, pace.next());
  }
}
