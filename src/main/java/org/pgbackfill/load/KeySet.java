package org.pgbackfill.load;

/**
 * A set of keys, as hashes of 128 bits, that stays within its budget. As long as all fit, it says
 * of each key whether it is there, and whose; beyond that it becomes a Bloom filter (Bloom, 1970),
 * which knows only what is surely not there. Not safe between threads.
 */
final class KeySet {
  /** What the set knows of a key. */
  enum Answer {
    /** It is not there. */
    NEW(0),
    /** It was there before the run. */
    THERE(1),
    /** This run has inserted it. */
    OURS(2),
    /** It may be there: the table has to be asked. */
    ASK(3);

    private final int bits;

    Answer(int bits) {
      this.bits = bits;
    }

    private static Answer of(long low) {
      int bits = (int) (low & ANSWER_BITS);
      return bits == OURS.bits ? OURS : bits == THERE.bits ? THERE : ASK;
    }
  }

  private static final int FIRST_SLOTS = 1024;
  private static final int SLOT_BYTES = 16;

  /** Linear probing takes two to three looks at this load. */
  private static final double LOAD = 0.8;

  /** With the filter's 16 bits and more for each key of a full set, 1 in 1,000 is asked in vain. */
  private static final int FILTER_BITS = 4;

  /** The lowest bits of a hash give way to what is known of the key. */
  private static final long ANSWER_BITS = 3;

  private final int mostSlots;
  private long[] slots = new long[2 * FIRST_SLOTS];
  private int size;
  private long[] filter;

  /** What {@link #look} came by: without any effect it might be left out. */
  @SuppressWarnings("UnusedVariable")
  private long seen;

  /**
   * An empty set.
   *
   * @param budget the most that it may take, in bytes
   */
  KeySet(long budget) {
    this.mostSlots = (int) Math.max(FIRST_SLOTS, Math.min(budget / SLOT_BYTES, 1 << 29));
  }

  /**
   * How many keys it knows one by one.
   *
   * @param budget in bytes
   */
  static long room(long budget) {
    return (long) (LOAD * budget) / SLOT_BYTES;
  }

  /**
   * What is known of a key, which is the run's own from now on if it is new.
   *
   * @return {@link Answer#NEW} the first time, and {@link Answer#OURS} from then on
   */
  Answer take(long high, long low) {
    if (filter == null && !hasRoom()) {
      grow();
    }
    if (filter != null) {
      boolean there = inFilter(high, low);
      addToFilter(high, low);
      return there ? Answer.ASK : Answer.NEW;
    }
    int at = slot(slots, high, low);
    if (isFree(at)) {
      put(at, high, low, Answer.OURS);
      return Answer.NEW;
    }
    return Answer.of(slots[at + 1]);
  }

  /** Whether it is known that the key was there before the run. Takes nothing. */
  boolean isThere(long high, long low) {
    if (filter != null) {
      return false;
    }
    int at = slot(slots, high, low);
    return !isFree(at) && Answer.of(slots[at + 1]) == Answer.THERE;
  }

  /** Says what is so of a key from now on. */
  void set(long high, long low, Answer answer) {
    if (filter == null && !hasRoom()) {
      grow();
    }
    if (filter != null) {
      addToFilter(high, low);
    } else {
      put(slot(slots, high, low), high, low, answer);
    }
  }

  /**
   * Looks at the places of some keys whose turn comes next: what misses the cache then waits side
   * by side, and not one after the other.
   *
   * @param high the first halves of their hashes
   * @param low the second halves
   * @param count how many
   */
  void look(long[] high, long[] low, int count) {
    long all = 0;
    for (int i = 0; i < count; i++) {
      all +=
          filter == null
              ? slots[2 * place(high[i], slots.length / 2)]
              : filter[place(mixed(high[i], low[i], 1), filter.length)];
    }
    seen = all;
  }

  private boolean hasRoom() {
    return 2L * size < LOAD * slots.length;
  }

  private boolean isFree(int at) {
    return (slots[at] | slots[at + 1]) == 0;
  }

  private void put(int at, long high, long low, Answer answer) {
    size += isFree(at) ? 1 : 0;
    slots[at] = high;
    slots[at + 1] = (low & ~ANSWER_BITS) | answer.bits;
  }

  /** Whether it still knows every key. */
  boolean isExact() {
    return filter == null;
  }

  /** Where the key is, or the free slot where it belongs. */
  private static int slot(long[] slots, long high, long low) {
    int at = 2 * place(high, slots.length / 2);
    while ((slots[at] != 0 || slots[at + 1] != 0)
        && (slots[at] != high || ((slots[at + 1] ^ low) & ~ANSWER_BITS) != 0)) {
      at = at + 2 == slots.length ? 0 : at + 2;
    }
    return at;
  }

  /** Even over any number of places (Lemire, 2019). */
  private static int place(long hash, int places) {
    return (int) (((hash >>> 32) * places) >>> 32);
  }

  private void grow() {
    int places = slots.length / 2;
    if (places == mostSlots) {
      becomeFilter();
      return;
    }
    // Half as much again: the old array is there until all have moved.
    long[] larger = new long[2 * (int) Math.min(mostSlots, places + places / 2L)];
    for (int i = 0; i < slots.length; i += 2) {
      if (slots[i] != 0 || slots[i + 1] != 0) {
        int at = slot(larger, slots[i], slots[i + 1]);
        larger[at] = slots[i];
        larger[at + 1] = slots[i + 1];
      }
    }
    slots = larger;
  }

  private void becomeFilter() {
    filter = new long[slots.length / 2];
    for (int i = 0; i < slots.length; i += 2) {
      if (slots[i] != 0 || slots[i + 1] != 0) {
        addToFilter(slots[i], slots[i + 1]);
      }
    }
    slots = new long[0];
  }

  private void addToFilter(long high, long low) {
    for (int i = 0; i < FILTER_BITS; i++) {
      long mixed = mixed(high, low, i);
      filter[place(mixed, filter.length)] |= 1L << mixed;
    }
  }

  private boolean inFilter(long high, long low) {
    for (int i = 0; i < FILTER_BITS; i++) {
      long mixed = mixed(high, low, i);
      if ((filter[place(mixed, filter.length)] & (1L << mixed)) == 0) {
        return false;
      }
    }
    return true;
  }

  /** Each bit's place follows from the hash's halves (Kirsch and Mitzenmacher, 2006). */
  private static long mixed(long high, long low, int i) {
    return high + i * (low | ANSWER_BITS);
  }
}
