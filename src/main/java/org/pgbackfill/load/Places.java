package org.pgbackfill.load;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** Places of a chunk's rows: lists of many numbers, without an object for each. */
final class Places {
  static final int[] NONE = {};

  private Places() {}

  /** From 0 on. */
  static int[] all(int size) {
    int[] all = new int[size];
    for (int i = 0; i < size; i++) {
      all[i] = i;
    }
    return all;
  }

  /** Those that pass the test, in their order. */
  static int[] where(int[] some, IntPredicate test) {
    int[] passed = new int[some.length];
    int size = 0;
    for (int place : some) {
      if (test.test(place)) {
        passed[size++] = place;
      }
    }
    return size == some.length ? some : Arrays.copyOf(passed, size);
  }

  /** The same, so many at a time. */
  static List<int[]> pieces(int[] some, int size) {
    List<int[]> pieces = new ArrayList<>();
    for (int from = 0; from < some.length; from += size) {
      pieces.add(Arrays.copyOfRange(some, from, Math.min(some.length, from + size)));
    }
    return pieces;
  }

  /** The ones, and behind them the others. */
  static int[] joined(int[] ones, int[] others) {
    int[] all = Arrays.copyOf(ones, ones.length + others.length);
    System.arraycopy(others, 0, all, ones.length, others.length);
    return all;
  }
}
