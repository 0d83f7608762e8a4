package org.pgbackfill.load;

import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;

/** A record that may change the row that is there. Its place in the chunk tells its outcome. */
final class Slot {
  final int place;
  final Row row;

  /** Those with its key that are settled together with it, in input order. */
  List<Slot> followers = List.of();

  /** What becomes of the row that is there by it and its followers. */
  Fold fold;

  /** What is told of a record that leaves that row as it is. */
  Outcome unchanged;

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
}
