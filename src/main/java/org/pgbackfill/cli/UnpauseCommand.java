package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pgbackfill unpause}. */
@Command(
    name = "unpause",
    header = "Let a paused run go on.",
    sortOptions = false,
    description = "Lets a run go on that pgbackfill pause holds.%n")
final class UnpauseCommand implements Callable<Integer> {
  @Mixin private SteeringOptions steering;

  private final Terminal terminal;

  UnpauseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    return steering.ask(terminal, Steering.Action.UNPAUSE, null, "goes on");
  }
}
