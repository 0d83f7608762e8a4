package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Option;

/** Which queue has the jobs. */
final class PrefixOption {
  @Option(
      names = "--prefix",
      paramLabel = "NAME",
      defaultValue = JobsTarget.DEFAULT_PREFIX,
      order = 18,
      description =
          "What the queue's tables and channel start with, schema-qualified or not. Default:"
              + " ${DEFAULT-VALUE}.")
  private String prefix;

  String prefix() {
    return prefix;
  }

  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return sources -> new JobsTarget(prefix, sources, map);
  }
}
