package org.pgbackfill.target;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.pgbackfill.source.CsvRecord;

/**
 * Rows that load together, told of by their places: most of what a load asks of them needs no
 * object for each ({@link CheckedRecords}), and it asks in key order, which is to and fro in
 * memory. Immutable and safe between threads.
 */
public final class Rows {
  private static final byte[] NO_KEY = {};

  private final CheckedRecords records;

  /** By place: where the row stands among the records. */
  private final int[] positions;

  /**
   * Some of the records.
   *
   * @param records that are all there; not to be added to as long as these rows are asked
   * @param positions in them of rows, no reject among them; not to be changed
   */
  public Rows(CheckedRecords records, int[] positions) {
    this.records = records;
    this.positions = positions;
  }

  /**
   * As they are.
   *
   * @param rows any
   * @return with the same places
   */
  public static Rows of(List<Row> rows) {
    CheckedRecords records = new CheckedRecords(Math.max(1, rows.size()));
    rows.forEach(records::add);
    int[] positions = new int[rows.size()];
    Arrays.setAll(positions, i -> i);
    return new Rows(records, positions);
  }

  /**
   * How many there are.
   *
   * @return 0 and more
   */
  public int size() {
    return positions.length;
  }

  /**
   * One of them, made for this call.
   *
   * @param place 0-based
   * @return equal in all that it tells to the one that was checked
   */
  public Row get(int place) {
    return (Row) records.get(positions[place]);
  }

  /**
   * Some of them, made for this call.
   *
   * @param places 0-based
   * @return in the order of the places
   */
  public List<Row> get(int[] places) {
    Row[] rows = new Row[places.length];
    Arrays.setAll(rows, i -> get(places[i]));
    return Arrays.asList(rows);
  }

  /**
   * The record's number.
   *
   * @param place 0-based
   * @return as {@link CsvRecord#number}
   */
  public long number(int place) {
    int at = positions[place];
    Row other = records.other(at);
    return other == null ? records.number(at) : other.record().number();
  }

  /**
   * The link of a contact.
   *
   * @param place 0-based
   * @return as {@link Row#link}
   */
  public UUID link(int place) {
    int at = positions[place];
    Row other = records.other(at);
    return other == null ? records.link(at) : other.link();
  }

  /**
   * Whether the arbiter index has an opinion on the row.
   *
   * @param place 0-based
   * @return as {@link Row#keyed}
   */
  public boolean keyed(int place) {
    int at = positions[place];
    Row other = records.other(at);
    return other == null ? records.keyed(at) : other.keyed();
  }

  /**
   * The key's text in UTF-8, with other bytes around it.
   *
   * @param place 0-based
   * @return as {@link Row#keyBytes}
   */
  public byte[] keyBytes(int place) {
    int at = positions[place];
    Row other = records.other(at);
    if (other != null) {
      return other.keyBytes();
    }
    return records.hasKey(at) ? records.block(at) : NO_KEY;
  }

  /**
   * Where the key's text starts in {@link #keyBytes}.
   *
   * @param place 0-based
   * @return 0-based
   */
  public int keyFrom(int place) {
    int at = positions[place];
    Row other = records.other(at);
    if (other != null) {
      return other.keyFrom();
    }
    return records.hasKey(at)
        ? CsvRecord.start(records.block(at), records.first(at), records.layout(at).keyPosition())
        : 0;
  }

  /**
   * Where the key's text ends in {@link #keyBytes}.
   *
   * @param place 0-based
   * @return behind its last byte
   */
  public int keyTo(int place) {
    int at = positions[place];
    Row other = records.other(at);
    if (other != null) {
      return other.keyTo();
    }
    return records.hasKey(at)
        ? CsvRecord.end(records.block(at), records.first(at), records.layout(at).keyPosition())
        : 0;
  }

  /**
   * Whether the arbiter lets only one of the two in.
   *
   * @param place 0-based
   * @param other 0-based
   * @return as {@link Row#hasSameKey}
   */
  public boolean haveSameKey(int place, int other) {
    return keyed(place)
        && keyed(other)
        && Arrays.equals(
            keyBytes(place),
            keyFrom(place),
            keyTo(place),
            keyBytes(other),
            keyFrom(other),
            keyTo(other))
        && (link(place) == null || link(place).equals(link(other)));
  }

  /**
   * What the row's values stand in, where they are just that.
   *
   * @param place 0-based
   * @return not to be changed; null of a row that has to be asked itself ({@link #get(int)})
   */
  public byte[] block(int place) {
    int at = positions[place];
    return records.other(at) == null ? records.block(at) : null;
  }

  /**
   * Where the first of the values starts in the {@link #block}.
   *
   * @param place 0-based, of a row that has one
   * @return for {@link CsvRecord#start(byte[], int, int)}
   */
  public int first(int place) {
    return records.first(positions[place]);
  }

  /**
   * Where the value is in the {@link #block}.
   *
   * @param place 0-based, of a row that has one
   * @param column 0-based, as in {@link Target#columns}
   * @return for {@link CsvRecord#start(byte[], int, int)}; negative when {@link Row#value} tells it
   */
  public int position(int place, int column) {
    int at = positions[place];
    Layout layout = records.layout(at);
    return layout.has(records.block(at), records.first(at), column) ? layout.position(column) : -1;
  }

  /**
   * Whether a value is not NULL.
   *
   * @param place 0-based
   * @param column 0-based, as in {@link Target#columns}
   * @return as {@link Row#has}
   */
  public boolean has(int place, int column) {
    int at = positions[place];
    Row other = records.other(at);
    if (other != null) {
      return other.has(column);
    }
    boolean isUuid = column == 0 || (column == 1 && records.link(at) != null);
    return isUuid
        || records.layout(at).usual(column) != null
        || records.layout(at).has(records.block(at), records.first(at), column);
  }

  /**
   * One value that is none of the ids, without an object for its row where it needs none.
   *
   * @param place 0-based
   * @param column 0-based, as in {@link Target#columns}
   * @return as {@link Row#value}
   */
  public String value(int place, int column) {
    byte[] block = block(place);
    if (block == null) {
      return get(place).value(column);
    }
    int position = position(place, column);
    if (position < 0) {
      return records.layout(positions[place]).usual(column);
    }
    int from = CsvRecord.start(block, first(place), position);
    int to = CsvRecord.end(block, first(place), position);
    return new String(block, from, to - from, StandardCharsets.UTF_8);
  }

  /** Whether a value that is none of the ids is the same in both. */
  boolean haveSameValue(int place, int other, int column) {
    byte[] here = block(place);
    byte[] there = block(other);
    int position = here == null ? -1 : position(place, column);
    int otherPosition = there == null ? -1 : position(other, column);
    if (position < 0 || otherPosition < 0) {
      return Objects.equals(value(place, column), value(other, column));
    }
    return Arrays.equals(
        here,
        CsvRecord.start(here, first(place), position),
        CsvRecord.end(here, first(place), position),
        there,
        CsvRecord.start(there, first(other), otherPosition),
        CsvRecord.end(there, first(other), otherPosition));
  }
}
