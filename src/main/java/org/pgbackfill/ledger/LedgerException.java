package org.pgbackfill.ledger;

/** The ledger says no, or can't be used. The message is for the operator. */
public class LedgerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Ends the run, or keeps it from beginning.
   *
   * @param message what, where, expected, found, and what to do
   * @param cause what the server said; null when it is the ledger's content that says no
   */
  public LedgerException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Another process works on the same run. */
  public static final class Busy extends LedgerException {
    private static final long serialVersionUID = 1L;

    Busy(String message) {
      super(message, null);
    }
  }

  /** Another process has taken the run over: nothing more may be committed. */
  public static final class LeaseLost extends LedgerException {
    private static final long serialVersionUID = 1L;

    LeaseLost(String message) {
      super(message, null);
    }
  }
}
