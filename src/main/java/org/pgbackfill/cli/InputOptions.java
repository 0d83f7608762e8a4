package org.pgbackfill.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.HeaderException;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which files are read, and which of their fields become which columns. */
final class InputOptions {
  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "CSV with a header line (RFC 4180, UTF-8), plain or gzip; - is standard input. Several"
              + " files are one run, in the order given.")
  private List<String> files;

  @Option(
      names = "--map",
      paramLabel = "COLUMN=HEADER",
      order = 20,
      description =
          "Take the column from the field with this header; may be repeated. Default: the header"
              + " that has the column's name, whatever its case.")
  private Map<String, String> map = new LinkedHashMap<>();

  List<String> files() {
    return files;
  }

  Map<String, String> map() {
    return map;
  }

  /** The map as text that is the same for the same. */
  String mapping() {
    return new TreeMap<>(map)
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
