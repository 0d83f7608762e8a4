package org.pgbackfill.load;

/**
 * The load can't go on. The message is for the operator; the cause, where there is one, is the
 * server's answer.
 */
public final class LoadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Ends the load.
   *
   * @param message what, where, expected, found, and what to do
   * @param cause what the server or the driver said; null when nothing did
   */
  public LoadException(String message, Throwable cause) {
    super(message, cause);
  }
}
