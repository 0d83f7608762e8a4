package org.pgbackfill.cli;

import java.util.concurrent.Callable;
import org.pgbackfill.ledger.Steering;
import picocli.CommandLine.Model.CommandSpec;

/** {@code pgbackfill unpause}. */
final class UnpauseCommand implements Callable<Integer> {
  private final SteeringOptions steering = new SteeringOptions();

  private final Terminal terminal;

  UnpauseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    CommandSpec spec = Commands.spec(this, "Lets a run go on that pgbackfill pause holds.%n");
    steering.addTo(spec);
    return spec;
  }

  @Override
  public Integer call() {
    return steering.ask(terminal, Steering.Action.UNPAUSE, null, "goes on");
  }
}
