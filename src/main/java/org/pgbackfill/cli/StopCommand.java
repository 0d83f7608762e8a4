package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pgbackfill stop}. */
@Command(
    name = "stop",
    header = "End a run at work, resumable.",
    sortOptions = false,
    description =
        "Ends a run at work between two chunks, resumable, as SIGINT does: its exit status is 5.%n")
final class StopCommand implements Callable<Integer> {
  @Mixin private SteeringOptions steering;

  private final Terminal terminal;

  StopCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    return steering.ask(terminal, Steering.Action.STOP, null, "stops");
  }
}
