package org.pgbackfill.testkit;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.pgbackfill.testkit.ExportOptions.LineEnd;
import org.pgbackfill.testkit.ExportOptions.Order;
import org.pgbackfill.testkit.Layout.Kind;

/**
 * Makes exports of contacts and jobs from a seed: RFC 4180, UTF-8, any number of records in
 * constant memory. It needs no library:
 *
 * <pre>
 * java -cp target/test-classes org.pgbackfill.testkit.ExportGenerator \
 *   contacts --records 1000000 --seed 1 --repeats 2 --bad 0.1 --output contacts.csv
 * </pre>
 */
public final class ExportGenerator {
  static final String USAGE =
      """
      usage: ExportGenerator contacts|jobs --records N --seed S
               [--links N] [--repeats PERCENT] [--bad PERCENT] [--unkeyed PERCENT]
               [--order random|sorted] [--keys N] [--skip N] [--crlf] [--output FILE]
      A quarter of jobs has no unique key unless --unkeyed says otherwise.
      """;

  private ExportGenerator() {}

  /**
   * What an export contains.
   *
   * @param records all of them, the header not counted
   * @param keys distinct keys of good records
   * @param repeats good records whose key another record has as well
   * @param unkeyed jobs without unique key
   * @param bad records to be rejected
   */
  public record Figures(long records, long keys, long repeats, long unkeyed, long bad) {
    static Figures of(Map<Kind, Long> counts) {
      return new Figures(
          counts.values().stream().mapToLong(Long::longValue).sum(),
          counts.getOrDefault(Kind.FRESH, 0L),
          counts.getOrDefault(Kind.REPEAT, 0L),
          counts.getOrDefault(Kind.UNKEYED, 0L),
          counts.getOrDefault(Kind.BAD, 0L));
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%,d records: %,d keys, %,d repeats, %,d without key, %,d bad",
          records,
          keys,
          repeats,
          unkeyed,
          bad);
    }
  }

  /**
   * Writes an export of contacts, header first. {@link ExportOptions#unkeyed} is not looked at.
   *
   * @param writer is flushed, not closed
   */
  public static Figures contacts(ExportOptions options, Writer writer) throws IOException {
    return new ContactExport(options).writeTo(writer);
  }

  /**
   * Writes an export of jobs, header first. {@link ExportOptions#links} is not looked at.
   *
   * @param writer is flushed, not closed
   */
  public static Figures jobs(ExportOptions options, Writer writer) throws IOException {
    return new JobExport(options).writeTo(writer);
  }

  /**
   * Writes an export to standard output or a file, and its figures to standard error.
   *
   * @param args see {@link #USAGE}
   */
  public static void main(String[] args) throws IOException {
    int exitCode = run(List.of(args), System.out, System.err);
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  static int run(List<String> args, PrintStream out, PrintStream err) throws IOException {
    CommandLine line;
    try {
      line = CommandLine.parse(args);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(USAGE);
      return 2;
    }
    if (line.output == null) {
      err.println(write(line, out));
    } else {
      try (OutputStream file = Files.newOutputStream(line.output)) {
        err.println(write(line, file));
      }
    }
    return 0;
  }

  private static Figures write(CommandLine line, OutputStream stream) throws IOException {
    // Not closed here: standard output is not ours to close, and writeTo flushes.
    Writer writer =
        new OutputStreamWriter(new BufferedOutputStream(stream, 1 << 16), StandardCharsets.UTF_8);
    return line.target.equals("jobs")
        ? jobs(line.options(), writer)
        : contacts(line.options(), writer);
  }

  private static final class CommandLine {
    private String target;
    private Path output;
    private Long records;
    private Long seed;
    private Integer links;
    private Long keys;
    private long skip;
    private double repeats;
    private double bad;
    private double unkeyed = 25;
    private Order order = Order.RANDOM;
    private LineEnd lineEnd = LineEnd.LF;

    static CommandLine parse(List<String> args) {
      CommandLine line = new CommandLine();
      Deque<String> words = new ArrayDeque<>(args);
      try {
        line.target = words.remove();
        while (!words.isEmpty()) {
          line.take(words.remove(), words);
        }
      } catch (NoSuchElementException e) {
        throw new IllegalArgumentException("something is missing at the end", e);
      }
      if (!List.of("contacts", "jobs").contains(line.target)) {
        throw new IllegalArgumentException("neither contacts nor jobs: " + line.target);
      }
      if (line.records == null || line.seed == null) {
        throw new IllegalArgumentException("--records and --seed are needed");
      }
      ExportOptions unused = line.options(); // checks the values before a file is begun
      return line;
    }

    private void take(String word, Deque<String> words) {
      switch (word) {
        case "--records" -> records = Long.valueOf(words.remove());
        case "--seed" -> seed = Long.valueOf(words.remove());
        case "--links" -> links = Integer.valueOf(words.remove());
        case "--keys" -> keys = Long.valueOf(words.remove());
        case "--skip" -> skip = Long.parseLong(words.remove());
        case "--repeats" -> repeats = Double.parseDouble(words.remove());
        case "--bad" -> bad = Double.parseDouble(words.remove());
        case "--unkeyed" -> unkeyed = Double.parseDouble(words.remove());
        case "--order" -> order = Order.valueOf(words.remove().toUpperCase(Locale.ROOT));
        case "--crlf" -> lineEnd = LineEnd.CRLF;
        case "--output" -> output = Path.of(words.remove());
        default -> throw new IllegalArgumentException("unknown option: " + word);
      }
    }

    ExportOptions options() {
      long allKeys = keys == null ? records + skip : keys;
      return new ExportOptions(
          records,
          seed,
          links == null ? ExportOptions.defaultLinks(allKeys) : links,
          allKeys,
          skip,
          repeats,
          bad,
          target.equals("jobs") ? unkeyed : 0,
          order,
          lineEnd);
    }
  }
}
