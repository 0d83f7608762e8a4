package org.pgbackfill.ledger;

import java.util.Locale;
import java.util.Objects;
import java.util.UUID;

/**
 * What became of one record.
 *
 * @param kind which of the outcomes
 * @param id the row that stands for the record now, or {@link #UNKNOWN_ID} where nobody wants to
 *     know; null only for a reject
 * @param detail more for the operator: the earlier record's place, or why it was rejected; null
 *     where there is nothing to say
 */
public record Outcome(Kind kind, UUID id, String detail) {
  /** The outcomes that a record can have. */
  public enum Kind {
    /** The record is a new row. */
    INSERTED,
    /** The row was there before this run, or another program put it there. */
    EXISTING,
    /** The row was there, and the record has set some of its columns that were NULL. */
    FILLED,
    /** The row was there, and the record has changed it. */
    OVERWRITTEN,
    /** An earlier record of this run has the key, and its row is in; this one changes nothing. */
    DUPLICATE,
    /** The record was refused, by the checks or by the database. */
    REJECTED;

    /**
     * The outcome's word in files and summaries.
     *
     * @return lower case
     */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Stands for an id that nobody asked for: nil (RFC 9562, section 5.9). */
  public static final UUID UNKNOWN_ID = new UUID(0, 0);

  /** Refuses an outcome without a kind, a row without an id, a reject without a reason. */
  public Outcome {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(kind == Kind.REJECTED ? detail : id);
  }

  /**
   * A new row.
   *
   * @param id its id
   * @return the outcome
   */
  public static Outcome inserted(UUID id) {
    return new Outcome(Kind.INSERTED, id, null);
  }

  /**
   * A row that was there.
   *
   * @param id its id
   * @return the outcome
   */
  public static Outcome existing(UUID id) {
    return new Outcome(Kind.EXISTING, id, null);
  }

  /**
   * A row that was there, and that the record has changed.
   *
   * @param kind {@link Kind#FILLED} or {@link Kind#OVERWRITTEN}
   * @param id its id
   * @return the outcome
   */
  public static Outcome changed(Kind kind, UUID id) {
    return new Outcome(kind, id, null);
  }

  /**
   * A repeat of an earlier record.
   *
   * @param id the earlier record's
   * @param detail where the earlier record stands; null when that is not known
   * @return the outcome
   */
  public static Outcome duplicate(UUID id, String detail) {
    return new Outcome(Kind.DUPLICATE, id, detail);
  }

  /**
   * A refused record.
   *
   * @param reason why
   * @return the outcome
   */
  public static Outcome rejected(String reason) {
    return new Outcome(Kind.REJECTED, null, reason);
  }
}
