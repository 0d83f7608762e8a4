package org.pgbackfill.load;

import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Column;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * The columns of rows that are there which records may change, and what a record says of each.
 * Immutable and safe between threads.
 */
final class ChangeFields {
  /**
   * A column that may be changed.
   *
   * @param position among the target's columns
   * @param type null where the table is not there yet
   * @param takesNull whether it may be NULL
   * @param hasDefault whether an empty field of a new row is not NULL
   */
  record Field(int position, String name, String type, boolean takesNull, boolean hasDefault) {}

  private final Target target;
  private final List<Field> fields;

  private ChangeFields(Target target, List<Field> fields) {
    this.target = target;
    this.fields = List.copyOf(fields);
  }

  /** Of a table that is there. */
  static ChangeFields of(Target target, Catalog catalog) {
    List<Field> fields = new ArrayList<>();
    for (int position : target.changeable()) {
      Column column = target.columns().get(position);
      Catalog.TableColumn there = catalog.column(column.name());
      fields.add(
          new Field(
              position,
              column.name(),
              there.type(),
              there.takesNull(),
              there.defaultSql() != null));
    }
    return new ChangeFields(target, fields);
  }

  /** As {@link Schema} would make them: NULL where a record says nothing. */
  static ChangeFields ofTableToBeMade(Target target) {
    return new ChangeFields(
        target,
        target.changeable().stream()
            .map(p -> new Field(p, target.columns().get(p).name(), null, true, false))
            .toList());
  }

  int size() {
    return fields.size();
  }

  Field get(int f) {
    return fields.get(f);
  }

  /** Whether an empty field of a new row makes something of the table's own. */
  boolean haveDefaults() {
    return fields.stream().anyMatch(Field::hasDefault);
  }

  OnExisting mode() {
    return target.onExisting();
  }

  /** What a record comes to that changes its row. */
  Outcome.Kind kind() {
    return mode() == OnExisting.FILL ? Outcome.Kind.FILLED : Outcome.Kind.OVERWRITTEN;
  }

  /**
   * Whether a record says what a field should be.
   *
   * @param f the field's index
   */
  boolean gives(Row row, int f) {
    Field field = fields.get(f);
    return target.gives(row, field.position())
        && (field.takesNull() || row.value(field.position()) != null);
  }

  /** Whether a row that the record has changed is not found by its key any more. */
  boolean leavesKey(Row row) {
    return target.leavesKey(row);
  }

  /** A record's text for a field; null for NULL. */
  String text(Row row, int f) {
    return row.value(fields.get(f).position());
  }
}
