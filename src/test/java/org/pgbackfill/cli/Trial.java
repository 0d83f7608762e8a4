package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.pgbackfill.testkit.ReferenceCsv;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * A folder with exports, a database, and the command line between them; reads what the command line
 * reports. Every load is checked for counters that add up.
 */
final class Trial {
  /** Two links that exports here use. */
  static final String LINK = "11111111-1111-1111-1111-111111111111";

  static final String OTHER = "22222222-2222-2222-2222-222222222222";

  /** The contacts' table with room for a constraint; else as {@code --create-table} makes it. */
  static final String CONTACTS =
      """
      CREATE TABLE email_contacts (
        id uuid PRIMARY KEY,
        link_id uuid NOT NULL,
        email_address varchar(320) NOT NULL,
        name varchar(255),
        original_photo_url text,
        sfs_photo_url text,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (link_id, email_address)
      );
      """;

  /**
   * One line of the outcome file.
   *
   * @param file its name without the folder
   * @param detail file names without the folder
   */
  record Told(String file, long line, String key, String id, String outcome, String detail) {
    /** What is left when ids are another matter. */
    @Override
    public String toString() {
      return file + ":" + line + " " + outcome + (detail.isEmpty() ? "" : " " + detail);
    }
  }

  final TestDatabase database = TestServer.shared().database();
  final Path folder;
  final Path rejects;
  final Path outcomes;

  Trial(Path folder) {
    this.folder = folder;
    this.rejects = folder.resolve("rejects.csv");
    this.outcomes = folder.resolve("outcomes.csv");
  }

  /** Makes a file of lines. */
  Path file(String name, String... lines) {
    return bytes(name, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  Path bytes(String name, byte[] bytes) {
    try {
      return Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Loads contacts into a table that may have to be made. */
  Cli.Result contacts(Object... words) {
    return load("contacts", words);
  }

  /** Pushes jobs. */
  Cli.Result jobs(Object... words) {
    return load("jobs", words);
  }

  private Cli.Result load(String command, Object... words) {
    List<Object> all = new ArrayList<>(List.of(command, "--create-table"));
    List<Object> given = Arrays.asList(words);
    for (var option : List.of(List.of("--rejects", rejects), List.of("--outcomes", outcomes))) {
      if (!given.contains(option.get(0))) {
        all.addAll(option);
      }
    }
    all.addAll(given);
    Cli.Result result = Cli.on(database).json(all.toArray());
    if (result.out().startsWith("{")) {
      assertEquals(
          result.count("read"),
          result.count("inserted")
              + result.count("existing")
              + result.count("duplicate")
              + result.count("rejected"),
          result::toString);
    }
    return result;
  }

  /** The counters: read, inserted, existing, duplicate, rejected. */
  static List<Long> counts(Cli.Result result) {
    return List.of(
        result.count("read"),
        result.count("inserted"),
        result.count("existing"),
        result.count("duplicate"),
        result.count("rejected"));
  }

  /** The outcome file behind its header. */
  List<Told> outcomes() {
    List<List<String>> records = records(outcomes);
    assertEquals(List.of("file", "line", "key", "id", "outcome", "detail"), records.get(0));
    return records.stream()
        .skip(1)
        .map(
            r ->
                new Told(
                    withoutFolder(r.get(0)),
                    Long.parseLong(r.get(1)),
                    r.get(2),
                    r.get(3),
                    r.get(4),
                    withoutFolder(r.get(5))))
        .toList();
  }

  /** The outcome file, one line for each record, without keys and ids. */
  List<String> told() {
    return outcomes().stream().map(Told::toString).toList();
  }

  /** The reject file with its header. */
  List<List<String>> rejects() {
    return records(rejects).stream()
        .map(r -> r.stream().map(this::withoutFolder).toList())
        .toList();
  }

  static List<List<String>> records(Path csv) {
    try {
      return ReferenceCsv.records(Files.readString(csv));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String withoutFolder(String text) {
    return text.replace(folder + "/", "");
  }

  /** Values of a record as a line of CSV, none of which needs quotes. */
  static String line(Object... values) {
    return String.join(",", Arrays.stream(values).map(Object::toString).toList());
  }
}
