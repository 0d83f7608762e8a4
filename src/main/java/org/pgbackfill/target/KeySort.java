package org.pgbackfill.target;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Puts rows in the lock order: first by five bytes of the link, where there are links, then by five
 * bytes of the key's text after the other. For one use.
 */
final class KeySort {
  /** Enough for the places of a million rows. */
  private static final int PLACE_BITS = 20;

  private static final int PLACES = (1 << PLACE_BITS) - 1;
  private static final int BYTES = 5;

  /** Of the link; the text starts behind it. */
  private static final int LINK = -BYTES;

  /**
   * Whoever sends keys that are so long and so much alike gets them compared one by one, and no
   * stack that overflows.
   */
  private static final int DEEPEST = 200 * BYTES;

  private final List<Row> rows;
  private final Comparator<Row> order;
  private final long[] work;

  /**
   * The texts' first bytes by place, where links come before them: later on each row is asked in
   * key order, which is to and fro in memory.
   */
  private final long[] firstText;

  KeySort(List<Row> rows, Comparator<Row> order) {
    this.rows = rows;
    this.order = order;
    this.work = new long[rows.size()];
    boolean linked = !rows.isEmpty() && rows.get(0).link() != null;
    this.firstText = linked ? new long[rows.size()] : null;
  }

  int[] sort() {
    for (int i = 0; i < work.length; i++) {
      work[i] = i;
    }
    if (work.length > 1) {
      sort(0, work.length, firstText == null ? 0 : LINK);
    }
    int[] places = new int[work.length];
    for (int i = 0; i < places.length; i++) {
      places[i] = place(i);
    }
    return places;
  }

  private int place(int i) {
    return (int) work[i] & PLACES;
  }

  private Row row(int i) {
    return rows.get(place(i));
  }

  /** Sorts a range whose keys are the same before the offset. */
  private void sort(int from, int to, int offset) {
    boolean more = offset == LINK;
    for (int i = from; i < to; i++) {
      long digit;
      if (offset == LINK) {
        digit = row(i).link().getMostSignificantBits() >>> (Long.SIZE - BYTES * Byte.SIZE);
        firstText[i] = digit(row(i), 0);
      } else {
        digit = offset == 0 && firstText != null ? firstText[place(i)] : digit(row(i), offset);
      }
      more |= digit != 0;
      work[i] = digit << PLACE_BITS | place(i);
    }
    if (!more || offset > DEEPEST) {
      sortByOrder(from, to);
      return;
    }
    Arrays.sort(work, from, to);
    int start = from;
    for (int i = from + 1; i <= to; i++) {
      if (i == to || work[i] >>> PLACE_BITS != work[start] >>> PLACE_BITS) {
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
      if (!row(i).link().equals(row(from).link())) {
        return false;
      }
    }
    return true;
  }

  /** Five bytes of the text, 0 behind its end: no text has a NUL. */
  private static long digit(Row row, int offset) {
    byte[] key = row.keyBytes();
    int at = row.keyFrom() + offset;
    int end = row.keyTo();
    long digit = 0;
    for (int i = 0; i < BYTES; i++, at++) {
      digit = digit << 8 | (at < end ? key[at] & 0xFF : 0);
    }
    return digit;
  }

  /** A stable sort: what is the same stays as it stands. */
  private void sortByOrder(int from, int to) {
    Integer[] places = new Integer[to - from];
    for (int i = from; i < to; i++) {
      places[i - from] = place(i);
    }
    Arrays.sort(places, (a, b) -> order.compare(rows.get(a), rows.get(b)));
    for (int i = from; i < to; i++) {
      work[i] = places[i - from];
    }
  }
}
