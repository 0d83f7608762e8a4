package org.pgbackfill.load;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.pgbackfill.load.RowChanges.Compared;
import org.pgbackfill.load.RowChanges.Field;
import org.pgbackfill.load.RowChanges.Value;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Row;

/**
 * The records of one key in one chunk, as if each was applied after the other: what the row becomes
 * by all of them, and which of them changed it. So it does not matter where chunks end. Only what
 * it becomes is written: a value that a later record replaces is never seen by the database.
 */
final class Fold {
  private final RowChanges changes;
  private final List<Row> rows;

  /** What each field is by the records so far; null where only the row that is there knows. */
  private final Value[] values;

  /** Which record gave a field its value. */
  private final int[] givers;

  private final boolean[] changed;

  private Fold(RowChanges changes, List<Row> rows) {
    this.changes = changes;
    this.rows = rows;
    this.values = new Value[changes.fields().size()];
    this.givers = new int[values.length];
    this.changed = new boolean[rows.size()];
  }

  /** Onto no row: the first record makes it. */
  static Fold ontoNothing(RowChanges changes, List<Row> rows) {
    Fold fold = new Fold(changes, rows);
    for (int f = 0; f < fold.values.length; f++) {
      fold.give(f, 0);
    }
    fold.apply(1, List.of());
    return fold;
  }

  /**
   * Onto a row that is there.
   *
   * @param compared one for each of the records
   */
  static Fold onto(RowChanges changes, List<Row> rows, List<Compared> compared) {
    Fold fold = new Fold(changes, rows);
    fold.apply(0, compared);
    return fold;
  }

  private void give(int f, int record) {
    values[f] = new Value(changes.text(rows.get(record), f), true);
    givers[f] = record;
  }

  private void apply(int first, List<Compared> compared) {
    for (int record = first; record < rows.size(); record++) {
      for (int f = 0; f < values.length; f++) {
        if (counts(f, record)) {
          changed[record] |=
              values[f] == null
                  ? compared.get(record).differs().get(f)
                  : !Objects.equals(values[f].text(), changes.text(rows.get(record), f));
          give(f, record);
        }
      }
    }
  }

  /** The first value that is not NULL fills; the last one overwrites. */
  private boolean counts(int f, int record) {
    boolean isOpen = values[f] == null || values[f].text() == null;
    return changes.gives(rows.get(record), f) && (isOpen || changes.mode() == OnExisting.OVERWRITE);
  }

  /** Whether a record changed the row as those before it had left it. */
  boolean changed(int record) {
    return changed[record];
  }

  /** Whether any of the first records changed it. */
  boolean changedBefore(int record) {
    for (int i = 0; i < record; i++) {
      if (changed[i]) {
        return true;
      }
    }
    return false;
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
        rows.get(0), Arrays.stream(values).map(v -> v == null ? Value.NONE : v).toList());
  }

  /** To be inserted. A row that was changed after its record brought it is new now. */
  Row row(List<String> columns) {
    Row first = rows.get(0);
    if (!changedBefore(rows.size())) {
      return first;
    }
    String[] all = new String[columns.size()];
    for (int c = 1; c < all.length; c++) {
      all[c] = columns.get(c).equals("updated_at") ? null : first.value(c);
    }
    for (int f = 0; f < values.length; f++) {
      Field field = changes.fields().get(f);
      all[field.position()] = values[f].text();
    }
    return first.with(all);
  }
}
