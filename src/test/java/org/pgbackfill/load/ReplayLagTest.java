package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** How far a replica is behind, whatever the server says of it. */
class ReplayLagTest {
  private final ReplayLag lag = new ReplayLag();

  @Test
  void whoHasReplayedEverythingIsNotBehindHoweverOldTheServersFigure() {
    lag.see(1_000, 100);
    assertEquals(0, lag.millis(1_000, 100, 5_000));
  }

  @Test
  void whoReplaysNothingIsBehindSinceTheFirstThatHeHasNot() {
    lag.see(1_000, 100);
    lag.forget(100);
    lag.see(2_000, 200);
    lag.see(3_000, 300);
    lag.see(9_000, 300);
    assertEquals(7_000, lag.millis(9_000, 100, 0), "the server says nothing");
    assertEquals(7_000, lag.millis(9_000, 100, 1_500), "or what is stale");
    assertEquals(8_500, lag.millis(9_000, 100, 8_500), "or more than was seen here");
    assertEquals(6_000, lag.millis(9_000, 200, 0));
    assertEquals(6_000, lag.millis(9_000, 299, 0));
    assertEquals(0, lag.millis(9_000, 300, 0));
  }

  @Test
  void ofManyLooksTheLastRemain() {
    for (int i = 0; i < 30_000; i++) {
      lag.see(i, i);
    }
    assertEquals(9_999, lag.millis(29_999, 0, 0));
  }
}
