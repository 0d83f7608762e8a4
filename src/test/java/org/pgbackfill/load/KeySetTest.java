package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.pgbackfill.load.KeySet.Answer;

class KeySetTest {
  /** Some 1,000,000 keys at 80 % of the slots. */
  private static final long ROOM = 20_000_000;

  /** Number n's hash: a keyed hash looks like chance. */
  private static long[] hash(long n) {
    SplittableRandom random = new SplittableRandom(n);
    return new long[] {random.nextLong(), random.nextLong()};
  }

  private static Answer take(KeySet set, long n) {
    long[] hash = hash(n);
    return set.take(hash[0], hash[1]);
  }

  private static void set(KeySet set, long n, Answer answer) {
    long[] hash = hash(n);
    set.set(hash[0], hash[1], answer);
  }

  @Test
  void aKeyIsNewOnceAndThenOurs() {
    KeySet set = new KeySet(ROOM);
    for (int n = 0; n < 300_000; n++) {
      assertEquals(Answer.NEW, take(set, n));
    }
    for (int n = 0; n < 300_000; n++) {
      assertEquals(Answer.OURS, take(set, n));
    }
    assertTrue(set.isExact());
  }

  private static boolean isThere(KeySet set, long n) {
    long[] hash = hash(n);
    return set.isThere(hash[0], hash[1]);
  }

  @Test
  void itTellsWhoWasThereAndTakesNothing() {
    KeySet set = new KeySet(ROOM);
    set(set, 1, Answer.THERE);
    set(set, 2, Answer.ASK);
    take(set, 3);
    assertTrue(isThere(set, 1));
    assertFalse(isThere(set, 2));
    assertFalse(isThere(set, 3));
    assertFalse(isThere(set, 4));
    assertEquals(Answer.NEW, take(set, 4), "nobody has taken it");
  }

  @Test
  void aFilterKnowsNobodyWhoWasSurelyThere() {
    KeySet set = new KeySet(0);
    for (int n = 0; n < 10_000; n++) {
      set(set, n, Answer.THERE);
    }
    assertFalse(set.isExact());
    assertFalse(isThere(set, 1));
  }

  @Test
  void itAnswersAsAMapWould() {
    KeySet set = new KeySet(ROOM);
    Map<Long, Answer> map = new HashMap<>();
    SplittableRandom random = new SplittableRandom(3);
    Answer[] said = {Answer.THERE, Answer.OURS, Answer.ASK};
    for (int i = 0; i < 500_000; i++) {
      long n = random.nextInt(100_000);
      if (random.nextBoolean()) {
        Answer answer = said[random.nextInt(said.length)];
        set(set, n, answer);
        map.put(n, answer);
      } else {
        Answer before = map.putIfAbsent(n, Answer.OURS);
        assertEquals(before == null ? Answer.NEW : before, take(set, n));
      }
    }
  }

  /** Beyond its budget it may ask in vain, but never takes a key for new that is there. */
  @Test
  void whatDoesNotFitIsAskedFor() {
    KeySet set = new KeySet(160_000);
    int n = 0;
    while (set.isExact()) {
      set(set, n++, Answer.THERE);
    }
    assertTrue(n > 7_000 && n <= 10_000, n + " keys in 10,000 slots");
    for (int known = 0; known < n; known++) {
      assertEquals(Answer.ASK, take(set, known));
    }
    int asked = 0;
    for (int other = n; other < 2 * n; other++) {
      asked += take(set, other) == Answer.ASK ? 1 : 0;
    }
    assertTrue(asked < n / 20, asked + " of " + n + " asked in vain");
    assertFalse(set.isExact());
  }
}
