package org.pgbackfill.testkit;

import org.pgbackfill.testkit.Dice.Purpose;

/**
 * All numbers from 0 to {@code size - 1} in random order, each computed when asked for: a Feistel
 * network over the next power of four, walked until it lands inside. Constant memory.
 */
final class Permutation {
  private static final int ROUNDS = 4;

  private final long size;
  private final int halfBits;
  private final long[] roundKeys = new long[ROUNDS];

  Permutation(long size, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("nothing to put in order: size " + size);
    }
    this.size = size;
    int bits = 64 - Long.numberOfLeadingZeros(size - 1);
    halfBits = Math.max(1, (bits + 1) / 2);
    Dice dice = new Dice(seed, Purpose.ORDER, size);
    for (int round = 0; round < ROUNDS; round++) {
      roundKeys[round] = dice.nextLong();
    }
  }

  /** The number at a position; no two positions have the same. */
  long at(long position) {
    if (position < 0 || position >= size) {
      throw new IndexOutOfBoundsException(position + " of " + size);
    }
    long number = position;
    do {
      number = shuffle(number);
    } while (number >= size);
    return number;
  }

  private long shuffle(long number) {
    long mask = (1L << halfBits) - 1;
    long left = number >>> halfBits;
    long right = number & mask;
    for (long key : roundKeys) {
      long next = left ^ (Dice.mix(right + key) & mask);
      left = right;
      right = next;
    }
    return (left << halfBits) | right;
  }
}
