package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.JobUpdatesTarget;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pgbackfill job-updates}. */
@Command(
    name = "job-updates",
    header = "Change jobs of the Chancy queue that are there.",
    sortOptions = false,
    description =
        "Changes jobs that are there: those that differ are locked in key order and updated, the"
            + " others are not touched. Two records of one job are applied in file order. Nothing"
            + " is inserted: a record without its job is a reject.%n%nColumns: id, or unique_key of"
            + " active jobs (where the header has id, every record goes by id); and any of state,"
            + " started_at, completed_at, scheduled_at, attempts, max_attempts, errors, meta. An"
            + " empty field leaves the column as it is.%n")
final class JobUpdatesCommand extends LoadCommand {
  @Option(
      names = "--prefix",
      paramLabel = "NAME",
      defaultValue = JobsTarget.DEFAULT_PREFIX,
      order = 18,
      description =
          "What the queue's tables start with, schema-qualified or not. Default:"
              + " ${DEFAULT-VALUE}.")
  private String prefix;

  @Option(
      names = "--null",
      paramLabel = "TEXT",
      order = 20,
      description =
          "A started_at, completed_at or scheduled_at of just this text becomes NULL. Default:"
              + " none, and NULL can't be set.")
  private String nullText;

  JobUpdatesCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  boolean changesRows() {
    return true;
  }

  @Override
  String command() {
    return "job-updates";
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return sources -> new JobUpdatesTarget(prefix, sources, map, nullText);
  }

  @Override
  String mapping() {
    return nullText == null ? "" : " null " + nullText;
  }
}
