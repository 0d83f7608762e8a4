package org.pgbackfill.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.LedgerSchema;
import org.pgbackfill.ledger.Steering;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Limits;
import org.pgbackfill.load.LoadException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What pause, unpause, stop and tune have in common: which run, and where its ledger is. */
final class SteeringOptions {
  /** A holder hears once a second; one that can't is waited for no longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  @Parameters(
      paramLabel = "RUN",
      description = "The run's name. Of several with the name it is the one that is at work.")
  private String run;

  @Mixin private ConnectionOptions connection;

  @Option(
      names = "--ledger-schema",
      paramLabel = "NAME",
      defaultValue = LedgerSchema.DEFAULT_NAME,
      order = 10,
      description = "The ledger's schema. Default: ${DEFAULT-VALUE}.")
  private String schema;

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
    LoadCommand.silenceLogs();
    try {
      ConnectionSpec where = connection.resolve(terminal);
      Duration patience = Duration.ofSeconds(30);
      try (Database database =
          Database.open(where, new Limits(patience, patience, patience, patience), 1)) {
        Steering steering = Ledger.steering(database, schema);
        Steering.Order order =
            await(steering, steering.ask(run, action, settings, LedgerOptions.holder()));
        if (order.refusal() != null) {
          return failed(terminal, ExitStatus.FAILED, "run " + run + ": " + order.refusal());
        }
        if (order.taken() == null) {
          return failed(
              terminal,
              ExitStatus.FAILED,
              "run "
                  + run
                  + " has not heard of it after "
                  + PATIENCE.toSeconds()
                  + " s; it will as soon as it reaches the server again, unless it has ended");
        }
        terminal.out().println("run " + run + " " + done);
        return ExitStatus.LOADED.code();
      }
    } catch (IllegalArgumentException e) {
      return failed(terminal, ExitStatus.USAGE, e.getMessage());
    } catch (LoadException | LedgerException e) {
      return failed(terminal, ExitStatus.FAILED, e.getMessage());
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

  private static int failed(Terminal terminal, ExitStatus status, String message) {
    terminal.err().println("pgbackfill: " + message);
    return status.code();
  }
}
