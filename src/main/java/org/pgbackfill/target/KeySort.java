package org.pgbackfill.target;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Puts rows in the lock order: first by five bytes of the link, where there are links, then by five
 * bytes of the key's text after the other. For one use.
 */
final class KeySort {
  /** Enough for a million rows. */
  private static final int INDEX_BITS = 20;

  private static final int INDEXES = (1 << INDEX_BITS) - 1;
  private static final int BYTES = 5;

  /** Of the link; the text starts behind it. */
  private static final int LINK = -BYTES;

  /**
   * Whoever sends keys that are so long and so much alike gets them compared one by one, and no
   * stack that overflows.
   */
  private static final int DEEPEST = 200 * BYTES;

  private final Rows rows;
  private final int[] places;
  private final Comparator<Row> order;
  private final long[] work;

  /**
   * The texts' first bytes, where links come before them: later on each row is asked in key order,
   * which is to and fro in memory.
   */
  private final long[] firstText;

  KeySort(Rows rows, int[] places, Comparator<Row> order) {
    this.rows = rows;
    this.places = places;
    this.order = order;
    this.work = new long[places.length];
    boolean linked = places.length > 0 && rows.link(places[0]) != null;
    this.firstText = linked ? new long[places.length] : null;
  }

  /** The places in the order. */
  int[] sort() {
    for (int i = 0; i < work.length; i++) {
      work[i] = i;
    }
    if (work.length > 1) {
      sort(0, work.length, firstText == null ? 0 : LINK);
    }
    int[] sorted = new int[work.length];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = place(i);
    }
    return sorted;
  }

  private int index(int i) {
    return (int) work[i] & INDEXES;
  }

  private int place(int i) {
    return places[index(i)];
  }

  /** Sorts a range whose keys are the same before the offset. */
  private void sort(int from, int to, int offset) {
    boolean more = offset == LINK;
    for (int i = from; i < to; i++) {
      long digit;
      if (offset == LINK) {
        digit = rows.link(place(i)).getMostSignificantBits() >>> (Long.SIZE - BYTES * Byte.SIZE);
        firstText[i] = digit(place(i), 0);
      } else {
        digit = offset == 0 && firstText != null ? firstText[index(i)] : digit(place(i), offset);
      }
      more |= digit != 0;
      work[i] = digit << INDEX_BITS | index(i);
    }
    if (!more || offset > DEEPEST) {
      sortByOrder(from, to);
      return;
    }
    Arrays.sort(work, from, to);
    int start = from;
    for (int i = from + 1; i <= to; i++) {
      if (i == to || work[i] >>> INDEX_BITS != work[start] >>> INDEX_BITS) {
        if (i - start > 1) {
          sortRest(start, i, offset);
        }
        start = i;
      }
    }
  }

  private void sortRest(int from, int to, int offset) {
    if (offset == LINK && !hasOneLink(from, to)) {
      sortByOrder(from, to);
    } else {
      sort(from, to, offset + BYTES);
    }
  }

  private boolean hasOneLink(int from, int to) {
    for (int i = from + 1; i < to; i++) {
      if (!rows.link(place(i)).equals(rows.link(place(from)))) {
        return false;
      }
    }
    return true;
  }

  /** Five bytes of the text, 0 behind its end: no text has a NUL. */
  private long digit(int place, int offset) {
    byte[] key = rows.keyBytes(place);
    int at = rows.keyFrom(place) + offset;
    int end = rows.keyTo(place);
    long digit = 0;
    for (int i = 0; i < BYTES; i++, at++) {
      digit = digit << 8 | (at < end ? key[at] & 0xFF : 0);
    }
    return digit;
  }

  /** A stable sort: what is the same stays as it stands. */
  private void sortByOrder(int from, int to) {
    record Indexed(int index, Row row) {}
    Indexed[] some = new Indexed[to - from];
    for (int i = from; i < to; i++) {
      some[i - from] = new Indexed(index(i), rows.get(place(i)));
    }
    Arrays.sort(some, (a, b) -> order.compare(a.row(), b.row()));
    for (int i = from; i < to; i++) {
      work[i] = some[i - from].index();
    }
  }
}
