package org.pgbackfill.ledger;

import java.util.Locale;

/**
 * Something that was seen in a database before a load, and what it means for one.
 *
 * @param level how much it matters
 * @param subject what it is about, in a word or two, such as {@code rights}
 * @param message what was found, and where; one line
 * @param next what to do, SQL where that is what helps; null where there is nothing to do
 */
public record Finding(Level level, String subject, String message, String next) {
  /** How much a finding matters, from least to most. */
  public enum Level {
    /** As it should be. */
    OK,
    /** Worth knowing; nothing needs to be done. */
    NOTE,
    /** A load works, but slower, or with less than is promised. */
    WARNING,
    /** A load would fail, or break its promise; it refuses to begin. */
    ERROR;

    /**
     * The level's word.
     *
     * @return lower case
     */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * For an operator, in one line.
   *
   * @return the message, and what to do where there is something
   */
  public String text() {
    return next == null ? message : message + "; " + next;
  }
}
