package org.pgbackfill.load;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.RowChanges.Compared;
import org.pgbackfill.load.RowChanges.Value;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Row;

/**
 * The records of one key, each applied after the other: what the row becomes by all of them, which
 * of them changed it, and what is told of each. So it does not matter where chunks end. Only what
 * it becomes is written: a value that a later record replaces is never seen by the database.
 *
 * <p>Of the records it holds the first one, and of the others a bit each: there may be many.
 */
final class Fold {
  private final ChangeFields fields;
  private final Row first;

  /** What each field is by the records so far; null where only the row that is there knows. */
  private final Value[] values;

  /** Which record gave a field its value. */
  private final int[] givers;

  private final BitSet changed = new BitSet();
  private int size;

  private Fold(ChangeFields fields, Row first) {
    this.fields = fields;
    this.first = first;
    this.values = new Value[fields.size()];
    this.givers = new int[values.length];
  }

  /** Onto no row: the first record makes it. */
  static Fold ontoNothing(ChangeFields fields, Row first) {
    Fold fold = new Fold(fields, first);
    for (int f = 0; f < fold.values.length; f++) {
      fold.give(f, first);
    }
    fold.size = 1;
    return fold;
  }

  /** All of some records onto no row. */
  static Fold ontoNothing(ChangeFields fields, List<Row> rows) {
    Fold fold = ontoNothing(fields, rows.get(0));
    rows.subList(1, rows.size()).forEach(row -> fold.apply(row, null));
    return fold;
  }

  /** Onto a row that is there. */
  static Fold onto(ChangeFields fields, Row first, Compared compared) {
    Fold fold = new Fold(fields, first);
    fold.apply(first, compared);
    return fold;
  }

  /**
   * All of some records onto a row that is there.
   *
   * @param compared one for each of the records
   */
  static Fold onto(ChangeFields fields, List<Row> rows, List<Compared> compared) {
    Fold fold = onto(fields, rows.get(0), compared.get(0));
    for (int i = 1; i < rows.size(); i++) {
      fold.apply(rows.get(i), compared.get(i));
    }
    return fold;
  }

  private void give(int f, Row row) {
    values[f] = new Value(fields.text(row, f), true);
    givers[f] = size;
  }

  /**
   * Applies the next record of the key.
   *
   * @param compared with the row that is there; null where the first record makes it
   */
  void apply(Row row, Compared compared) {
    for (int f = 0; f < values.length; f++) {
      if (counts(f, row)) {
        boolean differs =
            values[f] == null
                ? compared.differs().get(f)
                : !Objects.equals(values[f].text(), fields.text(row, f));
        if (differs) {
          changed.set(size);
        }
        give(f, row);
      }
    }
    size++;
  }

  /** The first value that is not NULL fills; the last one overwrites. */
  private boolean counts(int f, Row row) {
    boolean isOpen = values[f] == null || values[f].text() == null;
    return fields.gives(row, f) && (isOpen || fields.mode() == OnExisting.OVERWRITE);
  }

  /** How many records there are so far. */
  int size() {
    return size;
  }

  /** Whether any of the first records changed it. */
  private boolean changedBefore(int record) {
    int at = changed.nextSetBit(0);
    return at >= 0 && at < record;
  }

  /**
   * What is told of a record whose row was there.
   *
   * @param record its place among those of the key
   * @param unchanged what is told of one that leaves the row as it was found
   */
  Outcome ofFound(int record, Outcome unchanged) {
    if (changed.get(record)) {
      return Outcome.changed(fields.kind(), unchanged.id());
    }
    return changedBefore(record) && unchanged.kind() == Outcome.Kind.EXISTING
        ? Outcome.duplicate(unchanged.id(), null)
        : unchanged;
  }

  /**
   * What is told of a record whose row the first one makes.
   *
   * @param record its place among those of the key
   * @param place of the first one, for its repeats
   */
  Outcome ofInserted(int record, String place) {
    UUID id = first.id();
    if (record == 0) {
      return Outcome.inserted(id);
    }
    return changed.get(record) ? Outcome.changed(fields.kind(), id) : Outcome.duplicate(id, place);
  }

  /** Whether the row is there as it becomes by all of them: there is nothing to write. */
  boolean isIn(List<Compared> compared) {
    for (int f = 0; f < values.length; f++) {
      if (values[f] != null && compared.get(givers[f]).differs().get(f)) {
        return false;
      }
    }
    return true;
  }

  /** To be written onto a row that is there. */
  RowChanges.Change change() {
    return new RowChanges.Change(
        first, Arrays.stream(values).map(v -> v == null ? Value.NONE : v).toList());
  }

  /** To be inserted. A row that was changed after its record brought it is new now. */
  Row row(List<String> columns) {
    if (changed.isEmpty()) {
      return first;
    }
    String[] all = new String[columns.size()];
    for (int c = 1; c < all.length; c++) {
      all[c] = columns.get(c).equals("updated_at") ? null : first.value(c);
    }
    for (int f = 0; f < values.length; f++) {
      all[fields.get(f).position()] = values[f].text();
    }
    return first.with(all);
  }
}
