package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import picocli.CommandLine.Model.CommandSpec;

/** {@code pgbackfill stop}. */
final class StopCommand implements Callable<Integer> {
  private final SteeringOptions steering = new SteeringOptions();

  private final Terminal terminal;

  StopCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    CommandSpec spec =
        Commands.spec(
            this,
            "Ends a run at work between two chunks, resumable, as SIGINT does: its exit status is"
                + " 5.%n");
    steering.addTo(spec);
    return spec;
  }

  @Override
  public Integer call() {
    return steering.ask(terminal, Steering.Action.STOP, null, "stops");
  }
}
