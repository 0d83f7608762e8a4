package org.pgbackfill.cli;

import java.net.IDN;
import java.security.SecureRandom;
import java.util.Arrays;
import org.pgbackfill.load.Database;

/**
 * Has the JVM load beforehand, on another core, what a load needs of it in a moment: a tenth of the
 * time of a small one (src/site/markdown/performance.md). What is not ready in time is waited for,
 * as it would be without. Where the rate is limited that core is left to others: the launcher, too,
 * has code compiled there when it is needed and not beside.
 */
final class Ahead {
  private Ahead() {}

  /**
   * Begins, and does not wait.
   *
   * @param args the command line's; a single word loads nothing
   */
  static void begin(String... args) {
    if (args.length < 2 || Arrays.stream(args).anyMatch(word -> word.startsWith("--max-rate"))) {
      return;
    }
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
