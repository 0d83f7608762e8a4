package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pgbackfill demo}. */
@Command(
    name = "demo",
    header = "See it happen on a PostgreSQL of its own.",
    sortOptions = false,
    description = "Shows the main job on a PostgreSQL of its own, which it starts and stops.%n")
final class DemoCommand implements Callable<Integer> {
  @SuppressWarnings("UnusedVariable")
  @Mixin
  private HelpOption help;

  private final Terminal terminal;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    terminal.out().println("demo");
    return ExitStatus.LOADED.code();
  }
}
