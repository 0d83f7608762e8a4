package org.pgbackfill.testkit;

import java.util.List;

/**
 * Random numbers that depend on nothing but their seed, on every JDK: SplitMix64 (Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", 2014). {@code SplittableRandom} does not
 * promise its sequence from one release to the next. Not safe for threads.
 */
final class Dice {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  /** Dice of their own for each purpose and number, so that any record can be made on its own. */
  Dice(long seed, Purpose purpose, long number) {
    state = mix(mix(seed + purpose.name().hashCode() * GOLDEN_GAMMA) + number * GOLDEN_GAMMA);
  }

  /** What the dice are rolled for. */
  enum Purpose {
    /** the order of the keys */
    ORDER,
    /** what a position holds: a new key, a repeat, ... */
    KIND,
    /** which record a repeat repeats */
    ORIGINAL,
    /** the links and their sizes */
    LINK,
    /** what makes up a key */
    KEY,
    /** the name that goes with a new key */
    NAME,
    /** everything else in a record */
    TEXT
  }

  long nextLong() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  /** From 0 to {@code bound - 1}. */
  long below(long bound) {
    return (nextLong() >>> 1) % bound;
  }

  int below(int bound) {
    return (int) below((long) bound);
  }

  /** From 0 to just under 100. */
  double percent() {
    return (nextLong() >>> 11) * 0x1.0p-53 * 100;
  }

  /** True once in {@code times} rolls. */
  boolean oneIn(int times) {
    return below(times) == 0;
  }

  <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }

  static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
