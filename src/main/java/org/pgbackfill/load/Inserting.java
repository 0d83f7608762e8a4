package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;

/** A chunk of which only what is new gets in: rows that are there stay, without a lock on them. */
final class Inserting extends Loading {
  /** For all records whose ids nobody wants to know. */
  private static final Outcome INSERTED = Outcome.inserted(Outcome.UNKNOWN_ID);

  private static final Outcome EXISTING = Outcome.existing(Outcome.UNKNOWN_ID);
  private static final Outcome DUPLICATE = Outcome.duplicate(Outcome.UNKNOWN_ID, null);

  private static final int NONE = -1;

  /** By place: whose outcome answers for the record; {@link #NONE} where it stands for itself. */
  private final int[] leaders;

  Inserting(ChunkLoader loader, Chunk chunk, Answers answers) {
    super(loader, chunk, answers);
    this.leaders = new int[rows.size()];
    Arrays.fill(leaders, NONE);
  }

  /** What is there by what is known is not even sorted. */
  @Override
  void settleKnown(Outcome[] known) {
    for (int place = 0; place < known.length; place++) {
      if (answers.of(place) == KeySet.Answer.THERE) {
        known[place] = EXISTING;
      }
    }
  }

  /** Of records that are the same, the first stands for the others, which wait for its outcome. */
  @Override
  int[] lead(int[] open) {
    int[] sorted = loader.sort.sorted(rows, open);
    if (table.idsGiven()) {
      leadByIdentities(open);
    } else {
      leadByKey(sorted);
    }
    return Places.where(sorted, place -> leaders[place] == NONE);
  }

  /** Those with one key are neighbours. What is known to be new has none before it. */
  private void leadByKey(int[] sorted) {
    int leader = NONE;
    for (int place : sorted) {
      boolean first = leader == NONE || answers.of(place) == KeySet.Answer.NEW;
      if (!first && rows.haveSameKey(leader, place)) {
        leaders[place] = leader;
      } else {
        leaders[place] = NONE;
        leader = rows.keyed(place) ? place : leader;
      }
    }
  }

  /** With ids from outside, two may be one by their id as well. */
  private void leadByIdentities(int[] open) {
    Map<Object, Integer> byIdentity = new HashMap<>(2 * open.length);
    for (int place : open) {
      List<Object> identities = rows.get(place).identities();
      int leader = NONE;
      for (Object identity : identities) {
        leader = leader == NONE ? byIdentity.getOrDefault(identity, NONE) : leader;
      }
      if (leader == NONE) {
        identities.forEach(identity -> byIdentity.put(identity, place));
      }
      leaders[place] = leader;
    }
  }

  @Override
  void settleRepeats(Outcome[] known) {
    for (int place = 0; place < known.length; place++) {
      int leader = leaders[place];
      Outcome outcome = leader == NONE || known[place] != null ? null : known[leader];
      if (outcome == null) {
        continue;
      }
      if (outcome.kind() == Outcome.Kind.INSERTED) {
        known[place] = Outcome.duplicate(outcome.id(), loader.run.placeOf(rows.number(leader)));
      } else if (answers(outcome, rows.get(leader), rows.get(place))) {
        known[place] = outcome;
      }
    }
  }

  /** The others only wait for its outcome. */
  @Override
  boolean separate(int place) {
    return false;
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
  boolean write(Connection connection, int[] some, boolean untried, boolean quick, Outcome[] known)
      throws SQLException {
    int[] fresh =
        untried
            ? findUnlessKnown(connection, some, known)
            : find(connection, some, TargetTable.Probe.AGAIN, known);
    if (fresh.length == 0) {
      return false;
    }
    int[] inserted = insert(connection, rows, fresh, quick);
    for (int place : inserted) {
      known[place] =
          loader.existence.wantsIds() ? Outcome.inserted(rows.get(place).id()) : INSERTED;
    }
    return inserted.length > 0;
  }

  /** What is not there, in lock order; what is there gets its outcome. */
  private int[] findUnlessKnown(Connection connection, int[] some, Outcome[] known)
      throws SQLException {
    for (int place : some) {
      if (answers.of(place) == KeySet.Answer.OURS) {
        known[place] = DUPLICATE;
      }
    }
    int[] fresh = Places.where(some, place -> answers.of(place) == KeySet.Answer.NEW);
    int[] asked =
        Places.where(some, place -> known[place] == null && answers.of(place) != KeySet.Answer.NEW);
    int[] notFound = find(connection, asked, loader.existence.probe(), known);
    if (fresh.length == 0 || notFound.length == 0) {
      return fresh.length == 0 ? notFound : fresh;
    }
    return loader.sort.sorted(rows, Places.joined(fresh, notFound));
  }

  @Override
  String unsettled() {
    return "neither inserted nor found in %d tries: a trigger, a rule or row-level security of %s"
        + " keeps it out";
  }
}
