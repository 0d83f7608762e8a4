package org.pgbackfill.ledger;

import java.time.Instant;
import java.util.UUID;

/**
 * The ids that one run gives: version 7 layout (RFC 9562, section 5.7), so that they stand together
 * in an index, and grow in input order, or in the order of sending where {@link #id(long, long)} is
 * told it.
 *
 * <pre>
 *  48 bits  the run's start, in milliseconds since 1970, and one more for every 128 rows sent before
 *   4 bits  7, the version
 *  12 bits  the record's number, high bits
 *   2 bits  binary 10, the variant
 *  22 bits  the record's number, low bits
 *  40 bits  the run's tag, random
 * </pre>
 *
 * <p>Number and tag are always the same for the same record of the same run: a row is recognised by
 * them as this run's, without memory.
 *
 * @param millis the run's start since 1970, 48 bits
 * @param tag random, 40 bits
 */
public record RunIds(long millis, long tag) {
  /** How many bits of an id hold the run's tag. */
  public static final int TAG_BITS = 40;

  private static final int NUMBER_LOW_BITS = 22;

  /** Half a page of an index: so many neighbours may be out of order at no cost. */
  private static final int ROWS_A_MILLISECOND = 128;

  /** The largest number of a record, about 17 thousand million. */
  public static final long MAX_NUMBER = (1L << (12 + NUMBER_LOW_BITS)) - 1;

  private static final long TAG_MASK = (1L << TAG_BITS) - 1;
  private static final long VERSION = 7L << 12;
  private static final long VERSION_BITS = 15L << 12;
  private static final long VARIANT = 2L << 62;

  /** Refuses what does not fit its bits. */
  public RunIds {
    if (millis < 0 || millis >= 1L << 48 || tag < 0 || tag > TAG_MASK) {
      throw new IllegalArgumentException(
          "start " + millis + " or tag " + tag + " has too many bits");
    }
  }

  /**
   * The ids of a run.
   *
   * @param start when the run was started
   * @param randomBits the tag is taken from the low 40 bits
   * @return its ids
   */
  public static RunIds of(Instant start, long randomBits) {
    return new RunIds(start.toEpochMilli(), randomBits & TAG_MASK);
  }

  /**
   * The id of one record.
   *
   * @param number the record's, from 0 to {@link #MAX_NUMBER}
   * @return always the same one
   * @throws IllegalArgumentException when the number has too many bits
   */
  public UUID id(long number) {
    return id(number, 0);
  }

  /**
   * An id of one record that sorts behind those of the rows that were sent before it: its time goes
   * on by a millisecond for every 128 rows.
   *
   * @param number the record's, from 0 to {@link #MAX_NUMBER}
   * @param place how many rows were sent before, up to {@link #MAX_NUMBER}
   * @return one that this run {@link #gave} to the {@link #number}
   * @throws IllegalArgumentException when the number has too many bits
   */
  public UUID id(long number, long place) {
    if (number < 0 || number > MAX_NUMBER) {
      throw new IllegalArgumentException(
          "line "
              + number
              + " of the run: a run takes at most "
              + MAX_NUMBER
              + " lines; load the rest in another run");
    }
    long high = (millis + place / ROWS_A_MILLISECOND) << 16 | VERSION | number >>> NUMBER_LOW_BITS;
    long low = VARIANT | (number & ((1L << NUMBER_LOW_BITS) - 1)) << TAG_BITS | tag;
    return new UUID(high, low);
  }

  /**
   * Whether this run gave the id.
   *
   * @param id any
   * @return true when time, version, variant and tag are this run's
   */
  public boolean gave(UUID id) {
    long since = (id.getMostSignificantBits() >>> 16) - millis;
    return since >= 0
        && since <= MAX_NUMBER / ROWS_A_MILLISECOND
        && (id.getMostSignificantBits() & VERSION_BITS) == VERSION
        && id.getLeastSignificantBits() >>> 62 == 2
        && (id.getLeastSignificantBits() & TAG_MASK) == tag;
  }

  /**
   * The number of the record that has the id.
   *
   * @param id one that this run {@link #gave}
   * @return from 0 to {@link #MAX_NUMBER}
   */
  public long number(UUID id) {
    long high = id.getMostSignificantBits() & 0xFFF;
    long low = id.getLeastSignificantBits() >>> TAG_BITS & ((1L << NUMBER_LOW_BITS) - 1);
    return high << NUMBER_LOW_BITS | low;
  }
}
