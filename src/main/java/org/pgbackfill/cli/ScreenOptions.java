package org.pgbackfill.cli;

import org.pgbackfill.report.Progress;
import picocli.CommandLine.Option;

/** What is shown, and how. */
final class ScreenOptions {
  /** How the summary is printed. */
  enum Output {
    /** For people. */
    TEXT,
    /** One object, for programs. */
    JSON
  }

  @Option(
      names = "--progress",
      paramLabel = "MODE",
      defaultValue = "auto",
      order = 40,
      description =
          "auto, bar, plain (a line every 10 s) or none, on standard error. Default:"
              + " ${DEFAULT-VALUE}: a bar on a terminal, plain elsewhere.")
  private Progress.Mode progress;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      order = 41,
      description = "The summary on standard output: text or json. Default: ${DEFAULT-VALUE}.")
  private Output output;

  @Option(
      names = "--verbose",
      order = 42,
      description = "Show the libraries' log and stack traces on standard error. Default: neither.")
  private boolean verbose;

  Progress.Mode progress() {
    return progress;
  }

  Output output() {
    return output;
  }

  /** Keeps the libraries' log off the screen, unless it is wanted. */
  void quiet() {
    if (!verbose) {
      Logs.silence();
    }
  }

  /**
   * Says why a command came to nothing.
   *
   * @return the status's code
   */
  int fail(Terminal terminal, ExitStatus status, Exception e) {
    int code = terminal.fail(status, e);
    if (verbose) {
      e.printStackTrace(terminal.err());
    }
    return code;
  }
}
