package org.pgbackfill.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Everything that the program has from outside besides its arguments.
 *
 * @param in standard input
 * @param out standard output: the summary alone
 * @param err standard error: progress, notices, errors
 * @param isTerminal whether standard error is a terminal
 * @param environment the variables
 * @param password asks for one; gives null where nobody can be asked
 * @param signals told how to stop, while a run goes on
 */
record Terminal(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean isTerminal,
    Map<String, String> environment,
    Supplier<char[]> password,
    Signals signals) {

  /** How a run hears that it should stop. */
  interface Signals {
    /** Calls {@code stop} on the first signal, from any thread. */
    void onFirst(Runnable stop);
  }

  /** Says something to the operator. */
  void say(String line) {
    err.println("pgbackfill: " + line);
  }

  /**
   * Says why a command came to nothing.
   *
   * @return the status's code
   */
  int fail(ExitStatus status, Exception e) {
    say(e.getMessage() == null ? e.toString() : e.getMessage());
    return status.code();
  }
}
