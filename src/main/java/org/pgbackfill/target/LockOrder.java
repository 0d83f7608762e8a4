package org.pgbackfill.target;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.UUID;

/**
 * The one order in which every statement touches keys, so that no two transactions can wait for
 * each other.
 *
 * <p>It is PostgreSQL's: text by its UTF-8 bytes ({@code COLLATE "C"}), uuid by its unsigned bytes.
 * Java's own orders ({@code String.compareTo} by UTF-16 units, {@code UUID.compareTo} by signed
 * halves) are different ones.
 */
public final class LockOrder {
  /** Contacts by {@code (link_id, email_address)}. */
  public static final Comparator<Row> CONTACTS = LockOrder::compareContacts;

  /** Jobs by {@code (coalesce(unique_key, ''), id)}. */
  public static final Comparator<Row> JOBS = LockOrder::compareJobs;

  private LockOrder() {}

  private static int compareContacts(Row a, Row b) {
    int links = compareUuid(a.link(), b.link());
    return links != 0 ? links : compareKeys(a, b);
  }

  private static int compareJobs(Row a, Row b) {
    int keys = compareKeys(a, b);
    return keys != 0 ? keys : compareUuid(a.id(), b.id());
  }

  /** As {@code text COLLATE "C"} compares in a UTF-8 database: by bytes. */
  private static int compareKeys(Row a, Row b) {
    return Arrays.compareUnsigned(
        a.keyBytes(), a.keyFrom(), a.keyTo(), b.keyBytes(), b.keyFrom(), b.keyTo());
  }

  /**
   * Compares as {@code uuid} does: 16 unsigned bytes.
   *
   * @param a one
   * @param b the other
   * @return negative, zero or positive
   */
  public static int compareUuid(UUID a, UUID b) {
    int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
    return high != 0
        ? high
        : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
  }

  /**
   * A row's key as bytes, whose unsigned order is this order.
   *
   * @param row with a key that the arbiter has an opinion on
   * @return equal for equal keys of one target
   */
  public static byte[] keyBytes(Row row) {
    int length = row.keyTo() - row.keyFrom();
    ByteBuffer bytes = ByteBuffer.allocate((row.link() == null ? 0 : 16) + length);
    if (row.link() != null) {
      put(bytes, row.link());
    }
    return bytes.put(row.keyBytes(), row.keyFrom(), length).array();
  }

  /**
   * A row's id as bytes, whose unsigned order is that of ids.
   *
   * @param row any
   * @return 16 bytes
   */
  public static byte[] idBytes(Row row) {
    return put(ByteBuffer.allocate(16), row.id()).array();
  }

  private static ByteBuffer put(ByteBuffer bytes, UUID id) {
    return bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
  }

  /**
   * Sorts rows, by five bytes of their keys at a time: numbers sort several times as fast as rows
   * do that have to be looked up for each comparison.
   *
   * @param rows any
   * @param places of those that are sorted, a million at most
   * @param order one of this class's
   * @return these places, in the order; those of rows that are the same to it as they stand
   */
  public static int[] sort(Rows rows, int[] places, Comparator<Row> order) {
    return new KeySort(rows, places, order).sort();
  }
}
