package org.pgbackfill.source;

import java.io.IOException;

/**
 * A file that can't be read any further, or not at all. The message is for the operator: it names
 * the file, the place, what was expected and what to do.
 */
public final class SourceException extends IOException {
  private static final long serialVersionUID = 1L;

  SourceException(String message) {
    super(message);
  }

  SourceException(String message, Throwable cause) {
    super(message, cause);
  }
}
