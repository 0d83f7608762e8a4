package org.pgbackfill.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.pgbackfill.ledger.Ledger.Request.Intent;
import org.pgbackfill.run.RunPlan;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which run this is, and where it is written down. */
final class LedgerOptions {
  @Option(
      names = "--run",
      paramLabel = "NAME",
      order = 23,
      description =
          "Name of the run. A named run is done once: started again after it succeeded it does"
              + " nothing. Default: a new run, named after its time.")
  private String name;

  @Option(
      names = "--resume",
      order = 24,
      description =
          "Go on with the run of this name, or with the last unfinished run of the same work; begin"
              + " it where there is none. Default: an unfinished run is in the way.")
  private boolean resume;

  @Option(
      names = "--again",
      order = 25,
      description =
          "Begin anew, whatever became of earlier runs. Default: as --resume and --run say.")
  private boolean again;

  @Mixin private LedgerPlaceOptions place;

  RunPlan.Book book(String defaultName) {
    if (resume && again) {
      throw new IllegalArgumentException(
          "--resume goes on with a run, --again begins anew; choose one of them");
    }
    if (place.schemaOrNone() == null && resume) {
      throw new IllegalArgumentException(
          "--resume needs the ledger, and --no-ledger leaves it out; choose one of them");
    }
    if (name != null && name.isBlank()) {
      throw new IllegalArgumentException("--run needs a name, such as nightly-2026-11-21");
    }
    Intent intent = resume ? Intent.RESUME : again ? Intent.AGAIN : Intent.PLAIN;
    return new RunPlan.Book(place.schemaOrNone(), name, defaultName, intent, holder());
  }

  /** Host and process. */
  static String holder() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "unknown";
    }
    return "host " + host + ", process " + ProcessHandle.current().pid();
  }
}
