package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import picocli.CommandLine.Model.CommandSpec;

/** {@code pgbackfill pause}. */
final class PauseCommand implements Callable<Integer> {
  private final SteeringOptions steering = new SteeringOptions();

  private final Terminal terminal;

  PauseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    CommandSpec spec =
        Commands.spec(
            this,
            "Holds a run at work: its chunks on the way end, and no other begins until pgbackfill"
                + " unpause.%n It goes on giving signs of life. A run that ends while it is paused,"
                + " and is resumed, is not paused.%n");
    steering.addTo(spec);
    return spec;
  }

  @Override
  public Integer call() {
    return steering.ask(terminal, Steering.Action.PAUSE, null, "is paused");
  }
}
