package org.pgbackfill.target;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;
import org.pgbackfill.source.CsvRecord;

/**
 * A record that passed its checks, as the table will have it. Immutable and safe between threads.
 *
 * <p>Values are text in PostgreSQL's input syntax, in the order of {@link Target#columns}; null is
 * SQL's NULL. Where they are what stands in the record, they are read there: a row of its own
 * strings takes three times the memory.
 */
public final class Row implements Checked {
  private static final byte[] NO_KEY = {};

  private final CsvRecord record;

  /** Null when the id is derived. */
  private final UUID id;

  private final LongFunction<UUID> derived;
  private final UUID link;

  /** Of a plain record the record's own; otherwise the key in UTF-8. Null where there is none. */
  private final byte[] key;

  /** Here as well as in the record: sorting must not ask there for each comparison. */
  private final int keyFrom;

  private final int keyTo;
  private final boolean keyed;

  /** Null when they are what the record has, where the layout says. */
  private final String[] values;

  private final Layout layout;

  private Row(
      CsvRecord record,
      UUID id,
      LongFunction<UUID> derived,
      UUID link,
      byte[] key,
      boolean keyed,
      String[] values,
      Layout layout) {
    this.record = record;
    this.id = id;
    this.derived = derived;
    this.link = link;
    this.key = key;
    boolean inRecord = key != null && record != null && isKeyInRecord();
    this.keyFrom = inRecord ? record.start(layout.keyPosition()) : 0;
    this.keyTo = inRecord ? record.end(layout.keyPosition()) : key == null ? 0 : key.length;
    this.keyed = keyed;
    this.values = values;
    this.layout = layout;
  }

  /**
   * With values of its own.
   *
   * @param given the id that the export brought; null for the derived one
   * @param derived gives the id for a record's number
   */
  static Row of(
      CsvRecord record,
      UUID given,
      LongFunction<UUID> derived,
      UUID link,
      String keyText,
      boolean keyed,
      String[] values) {
    return new Row(record, given, derived, link, utf8(keyText), keyed, values, null);
  }

  /**
   * With values that are what stands in the record. Of a plain record the key must be just what
   * stands there; null where nothing does.
   */
  static Row asItStands(
      CsvRecord record,
      UUID given,
      LongFunction<UUID> derived,
      UUID link,
      String keyText,
      boolean keyed,
      Layout layout) {
    byte[] key = record.isPlain() && keyText != null ? record.bytes() : utf8(keyText);
    return new Row(record, given, derived, link, key, keyed, null, layout);
  }

  /** A contact whose record is plain, and whose values and address are just what stands in it. */
  static Row plainContact(CsvRecord record, LongFunction<UUID> derived, UUID link, Layout layout) {
    return new Row(record, null, derived, link, record.bytes(), true, null, layout);
  }

  /** A job whose record is plain, and whose values are just what stands in it. */
  static Row plainJob(
      CsvRecord record, LongFunction<UUID> derived, boolean hasKey, boolean keyed, Layout layout) {
    return new Row(
        record, null, derived, null, hasKey ? record.bytes() : null, keyed, null, layout);
  }

  /** Whether all that it tells is what stands in its plain record, but for what its kin share. */
  boolean isAsItStands() {
    return values == null && id == null && record.isPlain() && (key == null || isKeyInRecord());
  }

  private boolean isKeyInRecord() {
    return key == record.bytes();
  }

  boolean hasKey() {
    return key != null;
  }

  /** Where its values are, if they are what stands in its record. */
  Layout layout() {
    return layout;
  }

  /** Whether two rows of which both {@link #isAsItStands} share all but that. */
  boolean isKinOf(Row other) {
    return layout == other.layout
        && derived == other.derived
        && record.file().index() == other.record.file().index();
  }

  /** A row that shares with this one what kin share. */
  Row kin(CsvRecord itsRecord, UUID itsLink, boolean hasKey, boolean isKeyed) {
    byte[] itsKey = hasKey ? itsRecord.bytes() : null;
    return new Row(itsRecord, null, derived, itsLink, itsKey, isKeyed, null, layout);
  }

  private static byte[] utf8(String keyText) {
    return keyText == null ? null : keyText.getBytes(StandardCharsets.UTF_8);
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
    return id != null ? id : derived.apply(record.number());
  }

  /**
   * Whether the export brought the id.
   *
   * @return false when it is derived from the run and the record's number
   */
  public boolean idGiven() {
    return id != null;
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
    return key == null ? null : new String(key, keyFrom, keyTo - keyFrom, StandardCharsets.UTF_8);
  }

  /**
   * The key's text in UTF-8, with other bytes around it.
   *
   * @return not to be changed; empty for a job without one
   */
  public byte[] keyBytes() {
    return key == null ? NO_KEY : key;
  }

  /**
   * Where the key's text starts in {@link #keyBytes}.
   *
   * @return 0-based
   */
  public int keyFrom() {
    return keyFrom;
  }

  /**
   * Where the key's text ends in {@link #keyBytes}.
   *
   * @return behind its last byte
   */
  public int keyTo() {
    return keyTo;
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
      return id().toString();
    }
    if (column == 1 && link != null) {
      return link.toString();
    }
    return values != null ? values[column] : layout.value(record, column);
  }

  /**
   * Whether a value is not NULL.
   *
   * @param column 0-based, as in {@link Target#columns}
   * @return as {@link #value} would tell
   */
  public boolean has(int column) {
    boolean isUuid = column == 0 || (column == 1 && link != null);
    boolean isUsual = values == null && !isUuid && layout.usual(column) != null;
    if (isUuid || isUsual || position(column) >= 0) {
      return true;
    }
    boolean isInRecord = values == null && record.isPlain();
    return !isInRecord && value(column) != null;
  }

  /**
   * The field of a plain record that is the value as it stands.
   *
   * @param column 0-based, as in {@link Target#columns}
   * @return 0-based; negative when {@link #value} tells it
   */
  public int position(int column) {
    if (values != null || !record.isPlain()) {
      return -1;
    }
    return layout.has(record, column) ? layout.position(column) : -1;
  }

  /**
   * The same record's row with other values.
   *
   * @param others in place of those with the same index, null for NULL; the key's own must be the
   *     same
   * @return with the same id and key
   */
  public Row with(String[] others) {
    return new Row(record, id, derived, link, key, keyed, others.clone(), layout);
  }

  /**
   * What makes two records of a run the same in the arbiter's eyes.
   *
   * @return the key; the id where the arbiter has no opinion; to be compared by equals
   */
  public Object identity() {
    return keyed ? key() : id();
  }

  /**
   * Everything that makes two records of a run the same: two with one id are the same job, too.
   *
   * @return one or two to be compared by equals, {@link #identity} first
   */
  public List<Object> identities() {
    return keyed && link == null && id != null ? List.of(key(), id) : List.of(identity());
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
        && Arrays.equals(key, keyFrom, keyTo, other.key, other.keyFrom, other.keyTo)
        && (link == null || link.equals(other.link));
  }

  private Object key() {
    return link == null ? keyText() : new ContactKey(link, keyText());
  }

  private record ContactKey(UUID link, String address) {}

  @Override
  public String shownKey() {
    if (link != null) {
      return link + "/" + keyText();
    }
    return key == null ? "" : keyText();
  }

  /**
   * Where the record goes: records that are the same always to the same lane. A finished job goes
   * where an active one with its key does, for it may be the same job, dumped twice.
   *
   * @param lanes how many there are
   * @return 0-based
   */
  public int lane(int lanes) {
    return key != null
        ? lane(link, key, keyFrom, keyTo, lanes)
        : spread(id != null ? id.hashCode() : Long.hashCode(record.number()), lanes);
  }

  /**
   * Where records with a key go.
   *
   * @param link of a contact; null of a job
   * @param key with the key's text in UTF-8
   * @param from where the text starts
   * @param to behind its last byte
   * @param lanes how many there are
   * @return 0-based
   */
  public static int lane(UUID link, byte[] key, int from, int to, int lanes) {
    int hash = 0;
    int i = from;
    for (; i + 3 < to; i += 4) { // four rounds of the loop below, none of which waits for another
      int four = 29_791 * key[i] + 961 * key[i + 1] + 31 * key[i + 2] + key[i + 3];
      hash = 923_521 * hash + four;
    }
    for (; i < to; i++) {
      hash = 31 * hash + key[i];
    }
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
