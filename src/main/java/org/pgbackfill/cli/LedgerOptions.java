package org.pgbackfill.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.pgbackfill.ledger.Ledger.Request.Intent;
import org.pgbackfill.run.RunPlan;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Which run this is, and where it is written down. */
final class LedgerOptions {
  private final OptionSpec name =
      OptionSpec.builder("--run")
          .paramLabel("NAME")
          .type(String.class)
          .order(23)
          .description(
              "Name of the run. A named run is done once: started again after it succeeded it does"
                  + " nothing. Default: a new run, named after its time.")
          .build();

  private final OptionSpec resume =
      OptionSpec.builder("--resume")
          .type(boolean.class)
          .initialValue(false)
          .order(24)
          .description(
              "Go on with the run of this name, or with the last unfinished run of the same work;"
                  + " begin it where there is none. Default: an unfinished run is in the way.")
          .build();

  private final OptionSpec again =
      OptionSpec.builder("--again")
          .type(boolean.class)
          .initialValue(false)
          .order(25)
          .description(
              "Begin anew, whatever became of earlier runs. Default: as --resume and --run say.")
          .build();

  private final LedgerPlaceOptions place = new LedgerPlaceOptions();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(name).addOption(resume).addOption(again);
    place.addTo(spec);
  }

  RunPlan.Book book(String defaultName) {
    String run = name.getValue();
    boolean resumes = resume.getValue();
    boolean beginsAnew = again.getValue();
    if (resumes && beginsAnew) {
      throw new IllegalArgumentException(
          "--resume goes on with a run, --again begins anew; choose one of them");
    }
    if (place.schemaOrNone() == null && resumes) {
      throw new IllegalArgumentException(
          "--resume needs the ledger, and --no-ledger leaves it out; choose one of them");
    }
    if (run != null && run.isBlank()) {
      throw new IllegalArgumentException("--run needs a name, such as nightly-2026-11-21");
    }
    Intent intent = resumes ? Intent.RESUME : beginsAnew ? Intent.AGAIN : Intent.PLAIN;
    return new RunPlan.Book(place.schemaOrNone(), run, defaultName, intent, holder());
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
