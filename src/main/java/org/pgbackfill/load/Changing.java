package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.RowChanges.Change;
import org.pgbackfill.load.RowChanges.Compared;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;

/**
 * A chunk that changes rows that are there, and inserts those that are not where the target may.
 *
 * <p>A plain read compares. What is new goes in first; then, in a transaction of its own, what
 * differs is locked and updated in key order, so that no transaction goes twice through the keys.
 * What does not differ is not touched.
 */
final class Changing extends Loading {
  private final RowChanges changes;

  /** By place. */
  private final Slot[] slots;

  Changing(ChunkLoader loader, Chunk chunk, Answers answers) {
    super(loader, chunk, answers);
    this.changes = table.changes();
    this.slots = new Slot[rows.size()];
    Arrays.setAll(slots, place -> new Slot(place, rows.get(place)));
  }

  /** Whether a row that is there changes, the table has to tell. */
  @Override
  void settleKnown(Outcome[] known) {}

  /**
   * The first record of a key leads; the others go with it where they can be folded, and otherwise
   * have their turn one after the other.
   */
  @Override
  int[] lead(int[] open) {
    Map<Object, Slot> byKey = new LinkedHashMap<>(2 * open.length);
    for (int place : open) {
      Slot slot = slots[place];
      slot.followers = List.of();
      Slot first = byKey.putIfAbsent(slot.row.identity(), slot);
      if (first != null && table.folds()) {
        first.followers = first.followers.isEmpty() ? new ArrayList<>() : first.followers;
        first.followers.add(slot);
      }
    }
    int[] leaders = byKey.values().stream().mapToInt(slot -> slot.place).toArray();
    // The update has its order from the server.
    return table.inserts() ? loader.sort.sorted(rows, leaders) : leaders;
  }

  /** They have theirs together with their first, or wait for their turn. */
  @Override
  void settleRepeats(Outcome[] known) {}

  /** Its followers have their turn behind it. */
  @Override
  boolean separate(int place) {
    boolean had = !slots[place].followers.isEmpty();
    slots[place].followers = List.of();
    return had;
  }

  @Override
  boolean write(Connection connection, int[] some, boolean untried, boolean quick, Outcome[] known)
      throws SQLException {
    List<Slot> asked = new ArrayList<>();
    for (int place : some) {
      if (!isNew(place, untried)) {
        asked.add(slots[place]);
      }
    }
    List<Slot> missing = new ArrayList<>();
    List<Slot> differing = compare(connection, asked, known, missing);
    int[] fresh = Places.where(some, place -> isNew(place, untried));
    if (!table.inserts()) {
      missing.forEach(slot -> known[slot.place] = Outcome.rejected(table.missing(slot.row)));
    } else if (!missing.isEmpty()) {
      int[] others = missing.stream().mapToInt(slot -> slot.place).toArray();
      fresh = loader.sort.sorted(rows, Places.joined(fresh, others));
    }
    return fresh.length > 0
        ? insertFolded(connection, fresh, quick, known)
        : update(connection, differing, known);
  }

  private boolean isNew(int place, boolean untried) {
    return untried && answers.of(place) == KeySet.Answer.NEW;
  }

  /**
   * Gives those their outcome whose row stays as it is.
   *
   * @param missing takes those that have no row
   * @return those whose row differs, with what becomes of it
   */
  private List<Slot> compare(
      Connection connection, List<Slot> asked, Outcome[] known, List<Slot> missing)
      throws SQLException {
    List<Slot> differing = new ArrayList<>();
    for (int from = 0; from < asked.size(); from += loader.piece) {
      List<Slot> piece = asked.subList(from, Math.min(asked.size(), from + loader.piece));
      List<Slot> members = piece.stream().flatMap(slot -> slot.members().stream()).toList();
      List<Compared> all = Arrays.asList(changes.compare(connection, Slot.rows(members)));
      int at = 0;
      for (Slot slot : piece) {
        int to = at + 1 + slot.followers.size();
        settle(slot, all.subList(at, to), known, missing, differing);
        at = to;
      }
    }
    return differing;
  }

  private void settle(
      Slot slot,
      List<Compared> compared,
      Outcome[] known,
      List<Slot> missing,
      List<Slot> differing) {
    if (compared.get(0) == null) {
      missing.add(slot);
    } else if (table.inserts() && loader.own.isOf(slot.row, compared.get(0).found(), mine)) {
      settleOwn(slot, compared, known);
    } else {
      slot.fold = Fold.onto(changes.fields(), Slot.rows(slot.members()), compared);
      settleOrChange(slot, compared, known, differing);
    }
  }

  private void settleOrChange(
      Slot slot, List<Compared> compared, Outcome[] known, List<Slot> differing) {
    slot.unchanged = loader.own.outcome(compared.get(0).found());
    if (slot.fold.isIn(compared)) {
      settleFound(slot, known); // also where one record has taken back what another one did
    } else {
      differing.add(slot);
    }
  }

  /**
   * The very record has inserted the row, in an attempt whose end was not known. As many of its
   * repeats have gone with it as make the row what it is: chunks may have ended elsewhere then.
   */
  private void settleOwn(Slot slot, List<Compared> compared, Outcome[] known) {
    List<Slot> members = slot.members();
    for (int n = members.size(); n > 0; n--) {
      Fold fold = Fold.ontoNothing(changes.fields(), Slot.rows(members.subList(0, n)));
      if (n == 1 || fold.isIn(compared)) {
        settleInserted(members.subList(0, n), fold, known);
        return;
      }
    }
  }

  private boolean insertFolded(Connection connection, int[] fresh, boolean quick, Outcome[] known)
      throws SQLException {
    List<Fold> folds = new ArrayList<>(fresh.length);
    List<Row> folded = new ArrayList<>(fresh.length);
    for (int place : fresh) {
      Fold fold = Fold.ontoNothing(changes.fields(), Slot.rows(slots[place].members()));
      folds.add(fold);
      folded.add(fold.row(table.columnNames()));
    }
    int[] inserted = insert(connection, Rows.of(folded), Places.all(fresh.length), quick);
    for (int i : inserted) {
      settleInserted(slots[fresh[i]].members(), folds.get(i), known);
    }
    return inserted.length > 0;
  }

  private void settleInserted(List<Slot> members, Fold fold, Outcome[] known) {
    String place = loader.run.placeOf(members.get(0).row.record().number());
    for (int i = 0; i < members.size(); i++) {
      known[members.get(i).place] = fold.ofInserted(i, place);
    }
  }

  /** Whether it wrote anything; what turned out to differ no more, or to be gone, is left open. */
  private boolean update(Connection connection, List<Slot> differing, Outcome[] known)
      throws SQLException {
    if (differing.isEmpty()) {
      return false;
    }
    List<Change> wanted = differing.stream().map(slot -> slot.fold.change()).toList();
    Set<Integer> made = changes.update(connection, wanted);
    made.forEach(i -> settleFound(differing.get(i), known));
    return !made.isEmpty();
  }

  /** By what each record does to the row that is there, one after the other. */
  private void settleFound(Slot slot, Outcome[] known) {
    List<Slot> members = slot.members();
    for (int i = 0; i < members.size(); i++) {
      known[members.get(i).place] = slot.fold.ofFound(i, slot.unchanged);
    }
  }

  @Override
  String unsettled() {
    return "not settled in %d tries: a trigger, a rule or row-level security of %s keeps it out, or"
        + " other programs change it all the time";
  }
}
