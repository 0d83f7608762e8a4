package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.JobUpdatesTarget;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code pgbackfill job-updates}. */
final class JobUpdatesCommand extends LoadCommand {
  private final OptionSpec prefix =
      OptionSpec.builder("--prefix")
          .paramLabel("NAME")
          .type(String.class)
          .defaultValue(JobsTarget.DEFAULT_PREFIX)
          .order(18)
          .description(
              "What the queue's tables start with, schema-qualified or not. Default:"
                  + " ${DEFAULT-VALUE}.")
          .build();

  private final OptionSpec nullText =
      OptionSpec.builder("--null")
          .paramLabel("TEXT")
          .type(String.class)
          .order(20)
          .description(
              "A started_at, completed_at or scheduled_at of just this text becomes NULL. Default:"
                  + " none, and NULL can't be set.")
          .build();

  JobUpdatesCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  String description() {
    return "Changes jobs that are there: those that differ are locked in key order and updated, the"
        + " others are not touched. Two records of one job are applied in file order. Nothing"
        + " is inserted: a record without its job is a reject.%n%nColumns: id, or unique_key of"
        + " active jobs (where the header has id, every record goes by id); and any of state,"
        + " started_at, completed_at, scheduled_at, attempts, max_attempts, errors, meta. An"
        + " empty field leaves the column as it is.%n";
  }

  @Override
  void addTo(CommandSpec spec) {
    spec.addOption(prefix);
    spec.addOption(nullText);
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
    return sources -> new JobUpdatesTarget(prefix.getValue(), sources, map, nullText.getValue());
  }

  @Override
  String mapping() {
    String text = nullText.getValue();
    return text == null ? "" : " null " + text;
  }
}
