package org.pgbackfill.cli;

import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** What the libraries log. */
final class Logs {
  /** Held: a logger that nobody holds forgets its level. */
  private static final Logger ROOT = Logger.getLogger("");

  private Logs() {}

  /** What they have to say is in the exceptions as well. */
  static void silence() {
    LogManager.getLogManager().reset();
    ROOT.setLevel(Level.OFF);
  }
}
