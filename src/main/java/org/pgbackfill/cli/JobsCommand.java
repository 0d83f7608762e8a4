package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.load.Notify;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code pgbackfill jobs}. */
final class JobsCommand extends LoadCommand {
  private final PrefixOption prefix = new PrefixOption();

  private final OptionSpec notify =
      OptionSpec.builder("--notify")
          .paramLabel("WHEN")
          .type(Notify.class)
          .defaultValue("chunk")
          .order(19)
          .description(
              "Tell the workers of new jobs: chunk (once for each queue in each chunk), end (of the"
                  + " run) or off. Default: ${DEFAULT-VALUE}.")
          .build();

  private final InsertOptions insert = new InsertOptions();

  JobsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  String description() {
    return "Pushes jobs: a job whose unique key is active already stays as it is, and its id is the"
        + " reference.%n%nColumns: func; and if an export has them queue, kwargs, limits, meta,"
        + " priority, max_attempts, scheduled_at, unique_key, id, state, created_at, attempts,"
        + " started_at, completed_at, taken_by, errors, so that COPY chancy_jobs TO ... CSV"
        + " HEADER loads as it is.%n";
  }

  @Override
  void addTo(CommandSpec spec) {
    prefix.addTo(spec);
    spec.addOption(notify);
    insert.addTo(spec);
  }

  @Override
  boolean createsTable() {
    return insert.createsTable();
  }

  @Override
  boolean changesRows() {
    return false;
  }

  @Override
  String command() {
    return "jobs";
  }

  @Override
  Notify notifyMode() {
    return notify.getValue();
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return prefix.target(map);
  }
}
