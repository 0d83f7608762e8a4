package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;

/** A chunk of which only what is new gets in: rows that are there stay, without a lock on them. */
final class Inserting extends Loading {
  /** For all records whose ids nobody wants to know. */
  private static final Outcome INSERTED = Outcome.inserted(Outcome.UNKNOWN_ID);

  private static final Outcome EXISTING = Outcome.existing(Outcome.UNKNOWN_ID);
  private static final Outcome DUPLICATE = Outcome.duplicate(Outcome.UNKNOWN_ID, null);

  Inserting(ChunkLoader loader, Chunk chunk) {
    super(loader, chunk);
  }

  /** What is there by what is known is not even sorted. */
  @Override
  void settleKnown(Outcome[] known) {
    for (Slot slot : slots) {
      if (slot.answer == KeySet.Answer.THERE) {
        known[slot.place] = EXISTING;
      }
    }
  }

  /** Of records that are the same, the first stands for the others, which wait for its outcome. */
  @Override
  List<Slot> lead(List<Slot> open) {
    List<Slot> sorted = Slot.sorted(open, loader.sort);
    return table.idsGiven() ? leadByIdentities(sorted) : leadByKey(sorted);
  }

  /** Those with one key are neighbours. What is known to be new has none before it. */
  private static List<Slot> leadByKey(List<Slot> sorted) {
    List<Slot> leaders = new ArrayList<>(sorted.size());
    Slot leader = null;
    for (Slot slot : sorted) {
      boolean first = leader == null || slot.answer == KeySet.Answer.NEW;
      if (!first && leader.row.hasSameKey(slot.row)) {
        slot.leader = leader;
      } else {
        slot.leader = null;
        leaders.add(slot);
        leader = slot.row.keyed() ? slot : leader;
      }
    }
    return leaders;
  }

  /** With ids from outside, two may be one by their id as well. */
  private static List<Slot> leadByIdentities(List<Slot> sorted) {
    Map<Object, Slot> byIdentity = new HashMap<>(2 * sorted.size());
    sorted.stream()
        .sorted(Comparator.comparingInt(slot -> slot.place))
        .forEach(slot -> lead(slot, byIdentity));
    return sorted.stream().filter(slot -> slot.leader == null).toList();
  }

  private static void lead(Slot slot, Map<Object, Slot> byIdentity) {
    slot.leader = null;
    List<Object> identities = slot.row.identities();
    for (Object identity : identities) {
      slot.leader = slot.leader == null ? byIdentity.get(identity) : slot.leader;
    }
    if (slot.leader == null) {
      identities.forEach(identity -> byIdentity.put(identity, slot));
    }
  }

  @Override
  void settleRepeats(Outcome[] known) {
    for (Slot slot : slots) {
      Outcome outcome = slot.leader == null ? null : known[slot.leader.place];
      if (outcome == null || known[slot.place] != null) {
        continue;
      }
      if (outcome.kind() == Outcome.Kind.INSERTED) {
        known[slot.place] =
            Outcome.duplicate(outcome.id(), loader.run.placeOf(slot.leader.row.record().number()));
      } else if (answers(outcome, slot.leader.row, slot.row)) {
        known[slot.place] = outcome;
      }
    }
  }

  /**
   * Whether the row that was found for a record is the one for its repeat, too. A job that was
   * found by its own id may be a finished one, and then its key is free.
   */
  private static boolean answers(Outcome outcome, Row leader, Row row) {
    if (outcome.kind() == Outcome.Kind.REJECTED) {
      return false;
    }
    boolean foundByKey = leader.link() != null || !outcome.id().equals(leader.id());
    boolean sameKey = row.identity().equals(leader.identity());
    return row.id().equals(outcome.id()) || (foundByKey && sameKey);
  }

  @Override
  List<Row> write(
      Connection connection, List<Slot> some, boolean untried, boolean quick, Outcome[] known)
      throws SQLException {
    List<Slot> fresh =
        untried
            ? findUnlessKnown(connection, some, known)
            : find(connection, some, TargetTable.Probe.AGAIN, known);
    if (fresh.isEmpty()) {
      return null;
    }
    Predicate<Row> isIn = insert(connection, Slot.rows(fresh), quick);
    List<Row> inserted = new ArrayList<>(fresh.size());
    for (Slot slot : fresh) {
      if (isIn.test(slot.row)) {
        known[slot.place] =
            loader.existence.wantsIds() ? Outcome.inserted(slot.row.id()) : INSERTED;
        inserted.add(slot.row);
      }
    }
    return inserted.isEmpty() ? null : inserted;
  }

  /** What is not there, in lock order; what is there gets its outcome. */
  private List<Slot> findUnlessKnown(Connection connection, List<Slot> some, Outcome[] known)
      throws SQLException {
    List<Slot> asked = new ArrayList<>();
    List<Slot> fresh = new ArrayList<>(some.size());
    for (Slot slot : some) {
      switch (slot.answer) {
        case NEW -> fresh.add(slot);
        case OURS -> known[slot.place] = DUPLICATE;
        case THERE, ASK -> asked.add(slot);
      }
    }
    List<Slot> notFound = find(connection, asked, loader.existence.probe(), known);
    if (fresh.isEmpty() || notFound.isEmpty()) {
      return fresh.isEmpty() ? notFound : fresh;
    }
    fresh.addAll(notFound);
    return Slot.sorted(fresh, loader.sort);
  }

  @Override
  String unsettled() {
    return "neither inserted nor found in %d tries: a trigger, a rule or row-level security of %s"
        + " keeps it out";
  }
}
