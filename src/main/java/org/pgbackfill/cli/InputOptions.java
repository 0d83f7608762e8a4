package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.HeaderException;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Which files are read, and which of their fields become which columns. */
final class InputOptions {
  private final PositionalParamSpec files =
      PositionalParamSpec.builder()
          .required(true)
          .arity("1..*")
          .paramLabel("FILE")
          .type(List.class)
          .auxiliaryTypes(String.class)
          .description(
              "CSV with a header line (RFC 4180, UTF-8), plain or gzip; - is standard input."
                  + " Several files are one run, in the order given.")
          .build();

  private final OptionSpec map =
      OptionSpec.builder("--map")
          .paramLabel("COLUMN=HEADER")
          .type(Map.class)
          .auxiliaryTypes(String.class, String.class)
          .order(20)
          .description(
              "Take the column from the field with this header; may be repeated. Default: the"
                  + " header that has the column's name, whatever its case.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addPositional(files).addOption(map);
  }

  List<String> files() {
    return files.getValue();
  }

  Map<String, String> map() {
    Map<String, String> given = map.getValue();
    return given == null ? Map.of() : given;
  }

  /** The map as text that is the same for the same. */
  String mapping() {
    return new TreeMap<>(map())
        .entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(", "));
  }

  /** What does not fit where there is no file yet is the command line's own fault. */
  static Function<List<SourceFile>, Target> checked(Function<List<SourceFile>, Target> target) {
    try {
      var unused = target.apply(List.of());
    } catch (HeaderException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return target;
  }
}
