package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.testkit.ExportGenerator;
import org.pgbackfill.testkit.ExportOptions;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** An export on its way into a database of its own, and what there is to compare afterwards. */
final class Load {
  /** Whose export. */
  enum Kind {
    CONTACTS("contacts", "email_contacts"),
    JOBS("jobs", "chancy_jobs");

    final String command;
    final String table;

    Kind(String command, String table) {
      this.command = command;
      this.table = table;
    }
  }

  /**
   * What a load leaves behind, without what differs from run to run: ids.
   *
   * @param counters of the summary
   * @param table the rows; jobs in the order in which workers fetch them
   * @param rejects the reject file
   * @param outcomes the outcome file
   */
  record Traces(String counters, List<String> table, List<String> rejects, List<String> outcomes) {
    /** Fails with the first difference. */
    void assertSameAs(Traces expected) {
      assertEquals(expected.counters, counters);
      assertSame("table", expected.table, table);
      assertSame("rejects", expected.rejects, rejects);
      assertSame("outcomes", expected.outcomes, outcomes);
    }

    private static void assertSame(String what, List<String> expected, List<String> found) {
      for (int i = 0; i < Math.min(expected.size(), found.size()); i++) {
        assertEquals(expected.get(i), found.get(i), what + " " + i);
      }
      assertEquals(expected.size(), found.size(), what);
    }

    /** The same from another file. */
    Traces withFile(Path file, String name) {
      return new Traces(
          counters, table, renamed(rejects, file, name), renamed(outcomes, file, name));
    }

    private static List<String> renamed(List<String> lines, Path file, String name) {
      return lines.stream().map(line -> line.replace(file.toString(), name)).toList();
    }
  }

  final Kind kind;
  final Path folder;
  final Path export;
  final String source;
  final TestDatabase database;

  /** With a database that has the table, and without an export. */
  Load(Kind kind, Path folder) {
    this(kind, folder, TestServer.shared().database());
  }

  /** The same in a database that the test has made. */
  Load(Kind kind, Path folder, TestDatabase database) {
    this.kind = kind;
    this.folder = folder;
    this.export = folder.resolve(kind.command + ".csv");
    this.source = export.toString();
    this.database = database;
    Path header =
        write(
            folder.resolve("header.csv"), kind == Kind.JOBS ? "func\n" : "link_id,email_address\n");
    Cli.Result made = Cli.on(database).json(kind.command, header, "--create-table", "--no-ledger");
    assertEquals(0, made.status(), made::toString);
  }

  private Load(Load other, String source) {
    this.kind = other.kind;
    this.folder = other.folder;
    this.export = other.export;
    this.source = source;
    this.database = other.database;
  }

  /** The same load, from another file or standard input. */
  Load from(String name) {
    return new Load(this, name);
  }

  static Path write(Path path, String text) {
    try {
      return Files.writeString(path, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String export(Kind kind, long records, long seed) {
    ExportOptions options = ExportOptions.of(records, seed).withRepeats(5).withBad(2);
    StringWriter writer = new StringWriter();
    try {
      var unused =
          kind == Kind.JOBS
              ? ExportGenerator.jobs(options.withUnkeyed(40), writer)
              : ExportGenerator.contacts(options, writer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return writer.toString();
  }

  Load generate(long records) {
    var unused = write(export, export(kind, records, 7));
    return this;
  }

  /** Words, and more behind them. */
  static Object[] with(Object[] more, Object... words) {
    List<Object> all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return all.toArray();
  }

  List<Object> words(Object... more) {
    List<Object> words =
        new ArrayList<>(
            List.of(
                kind.command,
                source,
                "--chunk-size",
                "50",
                "--rejects",
                folder.resolve("rejects.csv"),
                "--outcomes",
                folder.resolve("outcomes.csv")));
    words.addAll(List.of(more));
    return words;
  }

  Cli.Result run(Object... more) {
    return run(Cli.on(database), more);
  }

  Cli.Result run(Cli cli, Object... more) {
    return cli.json(words(more).toArray());
  }

  long rows() {
    return database.number("SELECT count(*) FROM " + kind.table);
  }

  /** As after a run that ended with this result. */
  Traces traces(Cli.Result end) {
    assertEquals(3, end.status(), end::toString);
    String counters = "";
    for (String counter : List.of("read", "inserted", "existing", "duplicate", "rejected")) {
      counters += counter + " " + end.count(counter) + " ";
    }
    try {
      return new Traces(
          counters,
          table(),
          Files.readAllLines(folder.resolve("rejects.csv")),
          Files.readAllLines(folder.resolve("outcomes.csv")).stream()
              .map(line -> line.replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "ID"))
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> table() {
    return database.rows(
        kind == Kind.JOBS
            ? "SELECT func, queue, kwargs, priority, unique_key FROM chancy_jobs ORDER BY id"
            : "SELECT link_id, email_address, name FROM email_contacts ORDER BY 1, 2");
  }

  /** The traces of an undisturbed run of the same export, in another database. */
  Traces undisturbed() {
    Path other = folder.resolve("undisturbed");
    try {
      Files.createDirectories(other);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Load load = new Load(kind, other);
    List<Object> words = load.words();
    words.set(1, export);
    Cli.Result end = Cli.on(load.database).json(words.toArray());
    Traces traces = load.traces(end);
    assertTrue(traces.table().size() > 100 && traces.rejects().size() > 5, end::toString);
    return traces;
  }

  /** The state in the ledger of the last run, and what was said of it. */
  String state() {
    return database.rows("SELECT state FROM pgbackfill.run ORDER BY run_id DESC LIMIT 1").get(0);
  }
}
