package org.pgbackfill.ledger;

import java.util.Locale;

/** How a run stands. */
public enum RunState {
  /** Somebody works on it, or died working on it. */
  RUNNING,
  /** Every record has its outcome. */
  SUCCEEDED,
  /** It was asked to stop, and what it had loaded is in. */
  INTERRUPTED,
  /** It could not go on, or the reject limit stopped it; what it had loaded is in. */
  FAILED;

  /**
   * The state's word in the ledger and in summaries.
   *
   * @return lower case
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static RunState of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
