package org.pgbackfill.chaos;

/** Something is not as it should be. */
final class ChaosException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ChaosException(String message) {
    super(message);
  }
}
