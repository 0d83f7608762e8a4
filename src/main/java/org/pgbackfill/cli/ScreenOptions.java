package org.pgbackfill.cli;

import org.pgbackfill.report.Progress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What is shown, and how. */
final class ScreenOptions {
  /** How the summary is printed. */
  enum Output {
    /** For people. */
    TEXT,
    /** One object, for programs. */
    JSON
  }

  private final OptionSpec progress =
      OptionSpec.builder("--progress")
          .paramLabel("MODE")
          .type(Progress.Mode.class)
          .defaultValue("auto")
          .order(40)
          .description(
              "auto, bar, plain (a line every 10 s) or none, on standard error. Default:"
                  + " ${DEFAULT-VALUE}: a bar on a terminal, plain elsewhere.")
          .build();

  private final OptionSpec output =
      OptionSpec.builder("--output")
          .paramLabel("FORMAT")
          .type(Output.class)
          .defaultValue("text")
          .order(41)
          .description("The summary on standard output: text or json. Default: ${DEFAULT-VALUE}.")
          .build();

  private final OptionSpec verbose =
      OptionSpec.builder("--verbose")
          .type(boolean.class)
          .initialValue(false)
          .order(42)
          .description(
              "Show the libraries' log and stack traces on standard error. Default: neither.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(progress).addOption(output).addOption(verbose);
  }

  Progress.Mode progress() {
    return progress.getValue();
  }

  Output output() {
    return output.getValue();
  }

  private boolean isVerbose() {
    return verbose.getValue();
  }

  /** Keeps the libraries' log off the screen, unless it is wanted. */
  void quiet() {
    if (!isVerbose()) {
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
    if (isVerbose()) {
      e.printStackTrace(terminal.err());
    }
    return code;
  }
}
