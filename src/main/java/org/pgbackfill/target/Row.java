package org.pgbackfill.target;

import java.util.List;
import java.util.UUID;
import org.pgbackfill.source.CsvRecord;

/**
 * A record that passed its checks, as the table will have it. Immutable and safe between threads.
 *
 * <p>Values are text in PostgreSQL's input syntax, in the order of {@link Target#columns}; null is
 * SQL's NULL.
 */
public final class Row implements Checked {
  private final CsvRecord record;
  private final UUID id;
  private final boolean idGiven;
  private final UUID link;
  private final String keyText;
  private final boolean keyed;
  private final String[] values;

  Row(
      CsvRecord record,
      UUID id,
      boolean idGiven,
      UUID link,
      String keyText,
      boolean keyed,
      String[] values) {
    this.record = record;
    this.id = id;
    this.idGiven = idGiven;
    this.link = link;
    this.keyText = keyText;
    this.keyed = keyed;
    this.values = values;
  }

  @Override
  public CsvRecord record() {
    return record;
  }

  /**
   * The row's primary key.
   *
   * @return from the export, or derived from the run and the record
   */
  public UUID id() {
    return id;
  }

  /**
   * Whether the export brought the id.
   *
   * @return false when it is derived from the run and the record's number
   */
  public boolean idGiven() {
    return idGiven;
  }

  /**
   * The link of a contact.
   *
   * @return null for a job
   */
  public UUID link() {
    return link;
  }

  /**
   * The key's text: a contact's address, a job's unique key.
   *
   * @return null for a job without one
   */
  public String keyText() {
    return keyText;
  }

  /**
   * Whether the arbiter index has an opinion on this row.
   *
   * @return false for a job without unique key, or one that is finished already
   */
  public boolean keyed() {
    return keyed;
  }

  /**
   * One value.
   *
   * @param column 0-based, as in {@link Target#columns}
   * @return text in PostgreSQL's input syntax; null for NULL
   */
  public String value(int column) {
    if (column == 0) {
      return id.toString();
    }
    return column == 1 && link != null ? link.toString() : values[column];
  }

  /**
   * The same record's row with other values.
   *
   * @param others in place of those with the same index, null for NULL; the key's own must be the
   *     same
   * @return with the same id and key
   */
  public Row with(String[] others) {
    return new Row(record, id, idGiven, link, keyText, keyed, others.clone());
  }

  /**
   * What makes two records of a run the same in the arbiter's eyes.
   *
   * @return the key; the id where the arbiter has no opinion; to be compared by equals
   */
  public Object identity() {
    return keyed ? key() : id;
  }

  /**
   * Everything that makes two records of a run the same: two with one id are the same job, too.
   *
   * @return one or two to be compared by equals, {@link #identity} first
   */
  public List<Object> identities() {
    return keyed && link == null && idGiven ? List.of(key(), id) : List.of(identity());
  }

  /**
   * Whether the arbiter lets only one of the two in.
   *
   * @param other of the same target
   * @return false where it has no opinion on either
   */
  public boolean hasSameKey(Row other) {
    return keyed
        && other.keyed
        && keyText.equals(other.keyText)
        && (link == null || link.equals(other.link));
  }

  private Object key() {
    return link == null ? keyText : new ContactKey(link, keyText);
  }

  private record ContactKey(UUID link, String address) {}

  @Override
  public String shownKey() {
    if (link != null) {
      return link + "/" + keyText;
    }
    return keyText == null ? "" : keyText;
  }

  /**
   * Where the record goes: records that are the same always to the same lane. A finished job goes
   * where an active one with its key does, for it may be the same job, dumped twice.
   *
   * @param lanes how many there are
   * @return 0-based
   */
  public int lane(int lanes) {
    return keyText != null
        ? lane(link, keyText, lanes)
        : spread(idGiven ? id.hashCode() : Long.hashCode(record.number()), lanes);
  }

  /**
   * Where records with a key go.
   *
   * @param link of a contact; null of a job
   * @param keyText as {@link #keyText}, never null
   * @param lanes how many there are
   * @return 0-based
   */
  public static int lane(UUID link, String keyText, int lanes) {
    int hash = keyText.hashCode();
    return spread(link == null ? hash : 31 * link.hashCode() + hash, lanes);
  }

  /** Spreads the bits (the finalizer of MurmurHash3): similar keys must not share a lane. */
  private static int spread(int bits, int lanes) {
    int hash = (bits ^ (bits >>> 16)) * 0x85EBCA6B;
    hash = (hash ^ (hash >>> 13)) * 0xC2B2AE35;
    return Math.floorMod(hash ^ (hash >>> 16), lanes);
  }

  @Override
  public String toString() {
    return record.place();
  }
}
