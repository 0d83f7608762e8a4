package org.pgbackfill.cli;

import java.net.IDN;
import java.security.SecureRandom;
import org.pgbackfill.load.Database;

/**
 * Has the JVM load beforehand, on another core, what a load needs of it in a moment: a tenth of the
 * time of a small one (src/site/markdown/performance.md). What is not ready in time is waited for,
 * as it would be without.
 */
final class Ahead {
  private Ahead() {}

  /** Begins, and does not wait. */
  static void begin() {
    Thread thread = new Thread(Ahead::load, "ahead");
    thread.setDaemon(true);
    thread.start();
  }

  private static void load() {
    Database.loadDriver();
    var unusedKey = new SecureRandom().nextLong(); // what keys are hashed with
    var unusedName = IDN.toASCII("\u00fc.example"); // for addresses beyond ASCII
  }
}
