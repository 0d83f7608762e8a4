package org.pgbackfill.testkit;

import org.pgbackfill.testkit.Dice.Purpose;

/**
 * What stands where in an export: for each position its kind, the number of its key, and for a
 * repeat the record that it repeats. Pure functions of the options and the position.
 */
final class Layout {
  /** How far back a repeat of the near sort looks: close enough to fall into one chunk. */
  private static final int NEAR = 200;

  private static final int TRIES = 64;

  private final ExportOptions options;
  private final Permutation order;

  Layout(ExportOptions options) {
    this.options = options;
    this.order = new Permutation(options.keys(), options.seed());
  }

  /** What a record is there for. */
  enum Kind {
    /** the one record that a key number is given to */
    FRESH,
    /** has the key of a fresh record before or after it */
    REPEAT,
    /** to be rejected */
    BAD,
    /** a job without a unique key */
    UNKEYED
  }

  Kind kindAt(long position) {
    if (position == 0 && options.repeats() > 0) {
      return Kind.FRESH; // so that a repeat always finds a record to repeat
    }
    double roll = new Dice(options.seed(), Purpose.KIND, options.skip() + position).percent();
    if (roll < options.bad()) {
      return Kind.BAD;
    }
    if (roll < options.bad() + options.repeats()) {
      return Kind.REPEAT;
    }
    return roll < options.bad() + options.repeats() + options.unkeyed() ? Kind.UNKEYED : Kind.FRESH;
  }

  /** The number of the key at a position, from 0; numbers and keys sort alike. */
  long keyAt(long position) {
    long place = options.skip() + position;
    return switch (options.order()) {
      case RANDOM -> order.at(place);
      case SORTED -> place;
    };
  }

  /** The position of the fresh record that the repeat at a position repeats. */
  long originalOf(long position) {
    return switch (options.order()) {
      case RANDOM -> anyFresh(position);
      case SORTED -> freshBefore(position); // a farther one would break the order
    };
  }

  private long anyFresh(long position) {
    Dice dice = new Dice(options.seed(), Purpose.ORIGINAL, options.skip() + position);
    for (int i = 0; i < TRIES; i++) {
      long candidate =
          dice.oneIn(4)
              ? position - 1 - dice.below(Math.min(position, NEAR))
              : dice.below(options.records());
      if (kindAt(candidate) == Kind.FRESH) {
        return candidate;
      }
    }
    return 0;
  }

  private long freshBefore(long position) {
    long candidate = position - 1;
    while (kindAt(candidate) != Kind.FRESH) {
      candidate--;
    }
    return candidate;
  }
}
