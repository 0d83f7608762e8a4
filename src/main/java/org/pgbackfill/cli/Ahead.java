package org.pgbackfill.cli;

import java.net.IDN;
import java.security.SecureRandom;
import java.sql.DriverManager;
import java.util.GregorianCalendar;

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

  @SuppressWarnings({"UnusedVariable", "JavaUtilDate"})
  private static void load() {
    // A calendar's locale, which the driver asks for; its way to find drivers; the hash's key; and
    // what an address may be made of beyond ASCII.
    var calendar = new GregorianCalendar();
    var drivers = DriverManager.getDrivers();
    var key = new SecureRandom().nextLong();
    var ascii = IDN.toASCII("\u00fc.example");
  }
}
