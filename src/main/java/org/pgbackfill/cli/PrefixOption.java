package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Which queue has the jobs. */
final class PrefixOption {
  private final OptionSpec prefix =
      OptionSpec.builder("--prefix")
          .paramLabel("NAME")
          .type(String.class)
          .defaultValue(JobsTarget.DEFAULT_PREFIX)
          .order(18)
          .description(
              "What the queue's tables and channel start with, schema-qualified or not. Default:"
                  + " ${DEFAULT-VALUE}.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(prefix);
  }

  String prefix() {
    return prefix.getValue();
  }

  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return sources -> new JobsTarget(prefix(), sources, map);
  }
}
