package org.pgbackfill.load;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;

/** One record of a chunk. Its place tells its outcome. */
final class Slot {
  /** Enough for the places of a chunk's records, a million at most. */
  private static final long PLACE_BITS = (1 << 20) - 1;

  final int place;
  final Row row;
  private final long prefix;

  /** Whose outcome answers for it; null where it stands for itself. */
  Slot leader;

  /** Those with its key that are settled together with it, in input order. */
  List<Slot> followers = List.of();

  /** What becomes of the row that is there by it and its followers. */
  Fold fold;

  /** What is told of a record that leaves that row as it is. */
  Outcome unchanged;

  boolean taken;
  boolean lookedAgain;

  Slot(int place, Row row, long prefix) {
    this.place = place;
    this.row = row;
    this.prefix = prefix;
  }

  static List<Row> rows(List<Slot> some) {
    List<Row> rows = new ArrayList<>(some.size());
    some.forEach(slot -> rows.add(slot.row));
    return rows;
  }

  /** It and its followers. */
  List<Slot> members() {
    List<Slot> members = new ArrayList<>(1 + followers.size());
    members.add(this);
    members.addAll(followers);
    return members;
  }

  /** In lock order, and in input order where that has no opinion. */
  static List<Slot> sorted(List<Slot> some, Comparator<Row> order) {
    // Most places are settled by the first bits, which sort as plain numbers.
    long[] keys = new long[some.size()];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = ((some.get(i).prefix ^ Long.MIN_VALUE) & ~PLACE_BITS) | i;
    }
    Arrays.sort(keys);
    List<Slot> sorted = new ArrayList<>(keys.length);
    for (int from = 0, i = 0; i < keys.length; i++) {
      sorted.add(some.get((int) (keys[i] & PLACE_BITS)));
      boolean ends = i + 1 == keys.length || ((keys[i] ^ keys[i + 1]) & ~PLACE_BITS) != 0;
      if (ends && i > from) {
        sorted.subList(from, i + 1).sort((a, b) -> order.compare(a.row, b.row));
      }
      from = ends ? i + 1 : from;
    }
    return sorted;
  }
}
