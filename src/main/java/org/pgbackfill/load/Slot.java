package org.pgbackfill.load;

import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;

/** One record of a chunk. Its place tells its outcome. */
final class Slot {
  final int place;
  final Row row;

  /** Whose outcome answers for it; null where it stands for itself. */
  Slot leader;

  /** Those with its key that are settled together with it, in input order. */
  List<Slot> followers = List.of();

  /** What becomes of the row that is there by it and its followers. */
  Fold fold;

  /** What is told of a record that leaves that row as it is. */
  Outcome unchanged;

  /** What is known of its key when its chunk comes up. */
  KeySet.Answer answer;

  boolean lookedAgain;

  Slot(int place, Row row) {
    this.place = place;
    this.row = row;
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
  static List<Slot> sorted(List<Slot> some, ChunkLoader.Sort sort) {
    List<Slot> sorted = new ArrayList<>(some.size());
    for (int place : sort.places(rows(some))) {
      sorted.add(some.get(place));
    }
    return sorted;
  }
}
