package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.RowChanges.Compared;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * What a run that changes rows would make of its records, by plain reads alone. The records of one
 * key are folded as a run folds them, over as many batches as they come in; only the last key's
 * fold is held. For one thread.
 *
 * <p>Where a column has a default of its own, what it makes of an empty field is not known before
 * the row is in: a repeat of such a record may be foreseen a little wrong.
 */
public final class ForeseenChanges {
  private final ChangeFields fields;

  /** Null where it is to be made: then nothing is found. */
  private final TargetTable table;

  /** The records of the last key; null before the first one. */
  private Fold fold;

  private Row first;

  /** What is told of a record that leaves the row that is there as it is; null where none is. */
  private Outcome unchanged;

  /** Whether the row is not found by the last key any more, by what its records have done. */
  private boolean isGone;

  private ForeseenChanges(ChangeFields fields, TargetTable table) {
    this.fields = fields;
    this.table = table;
  }

  /**
   * For a table that is there.
   *
   * @param table of a target that may change rows
   * @return at its first key
   */
  public static ForeseenChanges of(TargetTable table) {
    return new ForeseenChanges(table.changes().fields(), table);
  }

  /**
   * For a table that {@link Schema} would make.
   *
   * @param target one that may change rows
   * @return at its first key
   */
  public static ForeseenChanges ofTableToBeMade(Target target) {
    return new ForeseenChanges(ChangeFields.ofTableToBeMade(target), null);
  }

  /**
   * Foresees some outcomes, in a transaction of its own.
   *
   * @param database where the table is
   * @param who as a DBA sees it
   * @param rows those of one key together and in input order; the first ones may have the key that
   *     the last call ended with
   * @return one for each row, in order
   * @throws SQLException as any statement; then the same rows may come again
   */
  public List<Outcome> foresee(Database database, String who, List<Row> rows) throws SQLException {
    Compared[] compared = compare(database, who, rows);
    List<Outcome> outcomes = new ArrayList<>(rows.size());
    for (int i = 0; i < compared.length; i++) {
      outcomes.add(next(rows.get(i), compared[i]));
    }
    return outcomes;
  }

  private Compared[] compare(Database database, String who, List<Row> rows) throws SQLException {
    if (table == null) {
      return new Compared[rows.size()];
    }
    try (Connection connection = database.begin(who)) {
      return table.changes().compare(connection, rows);
    }
  }

  private Outcome next(Row row, Compared compared) {
    boolean isOfLastKey = isOfLastKey(row, compared);
    if (table != null && !table.inserts() && (compared == null || (isOfLastKey && isGone))) {
      return Outcome.rejected(table.missing(row));
    }
    if (isOfLastKey) {
      fold.apply(row, compared);
    } else {
      begin(row, compared);
    }
    isGone = fields.leavesKey(row);
    int record = fold.size() - 1;
    return unchanged == null
        ? fold.ofInserted(record, "as in " + first.record().place())
        : fold.ofFound(record, unchanged);
  }

  /** A row that has come or gone between two reads is taken as it is found. */
  private boolean isOfLastKey(Row row, Compared compared) {
    return first != null
        && first.identity().equals(row.identity())
        && (unchanged == null) == (compared == null);
  }

  private void begin(Row row, Compared compared) {
    first = row;
    if (compared == null) {
      unchanged = null;
      fold = Fold.ontoNothing(fields, row);
    } else {
      unchanged = Outcome.existing(compared.found().id());
      fold = Fold.onto(fields, row, compared);
    }
  }
}
