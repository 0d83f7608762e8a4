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
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What pause, unpause, stop and tune have in common: which run, and where its ledger is. */
final class SteeringOptions {
  /** A holder hears once a second; one that can't is waited for no longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Of each statement of ours. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  @Parameters(
      paramLabel = "RUN",
      description = "The run's name. Of several with the name it is the one that is at work.")
  private String run;

  @Mixin private ConnectionOptions connection;

  @Mixin private LedgerSchemaOption ledger;

  @SuppressWarnings("UnusedVariable")
  @Mixin
  private HelpOption help;

  /**
   * Asks it of the run, and waits until its holder has done it.
   *
   * @param settings null where there are none
   * @param done what to say then, behind the run's name
   */
  int ask(Terminal terminal, Steering.Action action, String settings, String done) {
    Logs.silence();
    try {
      ConnectionSpec where = connection.resolve(terminal);
      try (Database database = Database.open(where, Limits.all(LIMIT), 1)) {
        Steering steering = Ledger.steering(database, ledger.schema());
        Steering.Order order =
            await(steering, steering.ask(run, action, settings, LedgerOptions.holder()));
        if (order.refusal() != null) {
          terminal.say("run " + run + ": " + order.refusal());
          return ExitStatus.FAILED.code();
        }
        if (order.taken() == null) {
          terminal.say(
              "run "
                  + run
                  + " has not heard of it after "
                  + PATIENCE.toSeconds()
                  + " s; it will as soon as it reaches the server again, unless it has ended");
          return ExitStatus.FAILED.code();
        }
        terminal.out().println("run " + run + " " + done);
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
