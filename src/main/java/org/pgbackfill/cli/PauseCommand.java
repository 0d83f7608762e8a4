package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pgbackfill pause}. */
@Command(
    name = "pause",
    header = "Hold a run at work until unpause.",
    sortOptions = false,
    description =
        "Holds a run at work: its chunks on the way end, and no other begins until pgbackfill"
            + " unpause.%n It goes on giving signs of life. A run that ends while it is paused, and"
            + " is resumed, is not paused.%n")
final class PauseCommand implements Callable<Integer> {
  @Mixin private SteeringOptions steering;

  private final Terminal terminal;

  PauseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    return steering.ask(terminal, Steering.Action.PAUSE, null, "is paused");
  }
}
