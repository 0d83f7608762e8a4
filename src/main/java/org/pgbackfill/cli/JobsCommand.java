package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.load.Notify;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pgbackfill jobs}. */
@Command(
    name = "jobs",
    header = "Push jobs of the Chancy queue.",
    sortOptions = false,
    description =
        "Pushes jobs: a job whose unique key is active already stays as it is, and its id is the"
            + " reference.%n%nColumns: func; and if an export has them queue, kwargs, limits, meta,"
            + " priority, max_attempts, scheduled_at, unique_key, id, state, created_at, attempts,"
            + " started_at, completed_at, taken_by, errors, so that COPY chancy_jobs TO ... CSV"
            + " HEADER loads as it is.%n")
final class JobsCommand extends LoadCommand {
  @Mixin private PrefixOption prefix;

  @Option(
      names = "--notify",
      paramLabel = "WHEN",
      defaultValue = "chunk",
      order = 19,
      description =
          "Tell the workers of new jobs: chunk (once for each queue in each chunk), end (of the"
              + " run) or off. Default: ${DEFAULT-VALUE}.")
  private Notify notify;

  @Mixin private InsertOptions insert;

  JobsCommand(Terminal terminal) {
    super(terminal);
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
    return notify;
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return prefix.target(map);
  }
}
