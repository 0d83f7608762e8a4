package org.pgbackfill.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.Steering;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Limits;
import org.pgbackfill.load.LoadException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What pause, unpause, stop and tune have in common: which run, and where its ledger is. */
final class SteeringOptions {
  /** A holder hears once a second; one that can't is waited for no longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Of each statement of ours. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final PositionalParamSpec run =
      PositionalParamSpec.builder()
          .required(true)
          .paramLabel("RUN")
          .type(String.class)
          .description("The run's name. Of several with the name it is the one that is at work.")
          .build();

  private final ConnectionOptions connection = new ConnectionOptions();

  private final LedgerSchemaOption ledger = new LedgerSchemaOption();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addPositional(run);
    connection.addTo(spec);
    ledger.addTo(spec);
  }

  /**
   * Asks it of the run, and waits until its holder has done it.
   *
   * @param settings null where there are none
   * @param done what to say then, behind the run's name
   */
  int ask(Terminal terminal, Steering.Action action, String settings, String done) {
    Logs.silence();
    String name = run.getValue();
    try {
      ConnectionSpec where = connection.resolve(terminal);
      try (Database database = Database.open(where, Limits.all(LIMIT), 1)) {
        Steering steering = Ledger.steering(database, ledger.schema());
        Steering.Order order =
            await(steering, steering.ask(name, action, settings, LedgerOptions.holder()));
        if (order.refusal() != null) {
          terminal.say("run " + name + ": " + order.refusal());
          return ExitStatus.FAILED.code();
        }
        if (order.taken() == null) {
          terminal.say(
              "run "
                  + name
                  + " has not heard of it after "
                  + PATIENCE.toSeconds()
                  + " s; it will as soon as it reaches the server again, unless it has ended");
          return ExitStatus.FAILED.code();
        }
        terminal.out().println("run " + name + " " + done);
        return ExitStatus.LOADED.code();
      }
    } catch (IllegalArgumentException e) {
      return terminal.fail(ExitStatus.USAGE, e);
    } catch (LoadException | LedgerException e) {
      return terminal.fail(ExitStatus.FAILED, e);
    }
  }

  private static Steering.Order await(Steering steering, Steering.Order asked) {
    Steering.Order order = asked;
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (order.taken() == null && System.nanoTime() < end) {
        TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN.toNanos());
        order = steering.look(order);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return order;
  }
}
