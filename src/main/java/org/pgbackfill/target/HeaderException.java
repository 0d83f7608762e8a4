package org.pgbackfill.target;

/** Headers that don't fit the target. The message is for the operator. */
public final class HeaderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  HeaderException(String message) {
    super(message);
  }
}
