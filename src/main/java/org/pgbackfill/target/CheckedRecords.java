package org.pgbackfill.target;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.pgbackfill.source.CsvRecord;

/**
 * Checked records in the order in which they come, in a fraction of the memory that they take as
 * objects, which the collector would have to move about as long as they wait: of a row whose values
 * are what stands in its plain record it keeps where that is, and makes the row again when it is
 * asked for; {@link Rows} tells most of it without. One thread adds; others may read when it has
 * handed the list over.
 */
public final class CheckedRecords {
  /**
   * What one takes here as a row that is made again, besides its text: arrays that may be half
   * full.
   */
  private static final int PLACE_BYTES = 32;

  /** What one takes as objects, besides its text, on a 64-bit JVM: measured, about. */
  private static final int OBJECT_BYTES = 200;

  /** A block of plain records is not longer. */
  private static final int OFFSET_BITS = 20;

  private static final int MAX_OFFSET = (1 << OFFSET_BITS) - 1;
  private static final int MAX_BLOCKS = 1 << (Integer.SIZE - OFFSET_BITS);

  private static final byte HAS_KEY = 1;
  private static final byte IS_KEYED = 2;

  /**
   * Rows that differ in their record, link and flags alone.
   *
   * @param from the place of the first one
   * @param example has what they share
   * @param number of the record that the numbers of the others count from
   * @param before how many lines there are before the file
   */
  private record Kin(int from, Row example, long number, long before) {}

  private final List<Kin> kins = new ArrayList<>();
  private final List<byte[]> blocks = new ArrayList<>();
  private int size;
  private long footprint;

  /** Which block, and where in it the first field starts. */
  private int[] places;

  /** From that of the first of their kin. */
  private int[] numbers;

  private UUID[] links;
  private byte[] flags;

  /** Those that are kept as they are; null as long as there is none. */
  private Checked[] others;

  /**
   * Starts with none.
   *
   * @param expected how many there will be, about; at least 1
   */
  public CheckedRecords(int expected) {
    this.places = new int[expected];
    this.numbers = new int[expected];
    this.links = new UUID[expected];
    this.flags = new byte[expected];
  }

  /**
   * Adds the next one.
   *
   * @param checked a row or a reject
   */
  public void add(Checked checked) {
    if (size == places.length) {
      grow(2 * size);
    }
    if (checked instanceof Row row && row.isAsItStands() && keep(row)) {
      footprint += PLACE_BYTES + row.record().footprint();
    } else {
      others = others == null ? new Checked[places.length] : others;
      others[size] = checked;
      footprint += PLACE_BYTES + OBJECT_BYTES + checked.record().footprint();
    }
    size++;
  }

  /** False when it does not fit the numbers here. */
  private boolean keep(Row row) {
    CsvRecord record = row.record();
    Kin kin = kins.isEmpty() ? null : kins.get(kins.size() - 1);
    if (kin == null || !isOf(kin, row)) {
      kin = new Kin(size, row, record.number(), record.number() - record.line());
      kins.add(kin);
    }
    if (blocks.isEmpty() || blocks.get(blocks.size() - 1) != record.bytes()) {
      blocks.add(record.bytes());
    }
    if (blocks.size() > MAX_BLOCKS || record.start(0) > MAX_OFFSET) {
      return false;
    }
    places[size] = (blocks.size() - 1) << OFFSET_BITS | record.start(0);
    numbers[size] = (int) (record.number() - kin.number());
    links[size] = row.link();
    flags[size] = (byte) ((row.hasKey() ? HAS_KEY : 0) | (row.keyed() ? IS_KEYED : 0));
    return true;
  }

  private static boolean isOf(Kin kin, Row row) {
    return row.isKinOf(kin.example())
        && row.record().number() - row.record().line() == kin.before()
        && row.record().number() - kin.number() <= Integer.MAX_VALUE;
  }

  private void grow(int room) {
    places = Arrays.copyOf(places, room);
    numbers = Arrays.copyOf(numbers, room);
    links = Arrays.copyOf(links, room);
    flags = Arrays.copyOf(flags, room);
    others = others == null ? null : Arrays.copyOf(others, room);
  }

  /**
   * One of them.
   *
   * @param place 0-based, in the order of adding
   * @return equal in all that it tells to the one that was added
   */
  public Checked get(int place) {
    if (others != null && others[place] != null) {
      return others[place];
    }
    Kin kin = kin(place);
    long number = kin.number() + numbers[place];
    CsvRecord record =
        CsvRecord.plain(
            number,
            kin.example().record().file(),
            number - kin.before(),
            block(place),
            first(place));
    return kin.example()
        .kin(record, links[place], (flags[place] & HAS_KEY) != 0, (flags[place] & IS_KEYED) != 0);
  }

  /** The row that is kept as it is; null where it is kept as a place. */
  Row other(int place) {
    return others == null ? null : (Row) others[place];
  }

  /** Of a row that is kept as a place: what its values are in. */
  byte[] block(int place) {
    return blocks.get(places[place] >>> OFFSET_BITS);
  }

  /** Of a row that is kept as a place: where its first field starts in the block. */
  int first(int place) {
    return places[place] & MAX_OFFSET;
  }

  /** Of a row that is kept as a place: where its values are. */
  Layout layout(int place) {
    return kin(place).example().layout();
  }

  /** Of a row that is kept as a place. */
  long number(int place) {
    return kin(place).number() + numbers[place];
  }

  /** Of a row that is kept as a place; null for a job. */
  UUID link(int place) {
    return links[place];
  }

  /** Of a row that is kept as a place: whether a key stands in it. */
  boolean hasKey(int place) {
    return (flags[place] & HAS_KEY) != 0;
  }

  /** Of a row that is kept as a place. */
  boolean keyed(int place) {
    return (flags[place] & IS_KEYED) != 0;
  }

  /** Mostly there is one. */
  private Kin kin(int place) {
    int i = kins.size() - 1;
    while (kins.get(i).from() > place) {
      i--;
    }
    return kins.get(i);
  }

  /**
   * How many there are.
   *
   * @return 0 and more
   */
  public int size() {
    return size;
  }

  /**
   * What they take in memory.
   *
   * @return bytes, about
   */
  public long footprint() {
    return footprint;
  }
}
