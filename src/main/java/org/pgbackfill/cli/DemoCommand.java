package org.pgbackfill.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.CsvWriter;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code pgbackfill demo}: what a newcomer sees first. Every figure is read back from the server it
 * started.
 */
final class DemoCommand implements Callable<Integer> {
  private static final List<String> SAMPLES =
      List.of("contacts.csv", "contacts-more.csv.gz", "jobs.csv");

  /**
   * What a row's version is, whatever its values are: it changes when a row is written or locked
   * for an update.
   */
  private static final String VERSIONS =
      "SELECT md5(string_agg(id::text || xmin || xmax || ctid, ',' ORDER BY id)) FROM"
          + " email_contacts";

  private static final String DEADLOCKS =
      "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";

  private final Terminal terminal;
  private final PrintStream out;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
    this.out = terminal.out();
  }

  /** The command as the command line knows it. */
  CommandSpec spec() {
    return Commands.spec(
        this,
        "Starts a PostgreSQL of its own, loads the samples, loads them again, races two loaders,"
            + " and stops it.%n");
  }

  @Override
  public Integer call() throws IOException {
    Logs.silence();
    Path folder = Files.createTempDirectory("pgbackfill-demo-");
    try {
      return show(folder);
    } catch (IOException | RuntimeException e) {
      terminal.say("the demo broke off: " + e.getMessage());
      return ExitStatus.FAILED.code();
    } finally {
      delete(folder);
    }
  }

  private int show(Path folder) throws IOException {
    step("Start a PostgreSQL of our own. Nothing is installed, and it is gone afterwards.");
    try (DemoServer server = DemoServer.start(terminal)) {
      out.println(
          "PostgreSQL " + server.ask("SELECT current_setting('server_version')") + " is up.");
      copySamples(folder);
      boolean good = first(server, folder);
      good = again(server, folder) && good;
      good = jobs(server, folder) && good;
      good = race(server, folder) && good;
      out.println();
      out.println(
          good
              ? "That was all; the server is stopped, its data removed."
              : "That is NOT as it should be.");
      return (good ? ExitStatus.LOADED : ExitStatus.FAILED).code();
    }
  }

  private boolean first(DemoServer server, Path folder) throws IOException {
    step("Load two exports of contacts as one run; the second one is compressed.");
    Path rejects = folder.resolve("rejects.csv");
    int status =
        load(
            server,
            folder,
            "contacts",
            List.of("contacts.csv", "contacts-more.csv.gz"),
            "--create-table");
    out.println(
        "Exit status "
            + status
            + ": loaded, with rejects. The reject file has them with their reasons:");
    try (Stream<String> lines = Files.lines(rejects)) {
      lines.skip(1).limit(3).forEach(line -> out.println("  " + line.replace(folder + "/", "")));
    }
    return status == ExitStatus.REJECTS.code();
  }

  private boolean again(DemoServer server, Path folder) {
    step("Load them again. Every contact exists: nothing is written, and no row is locked.");
    String before = server.ask(VERSIONS);
    int status = load(server, folder, "contacts", List.of("contacts.csv", "contacts-more.csv.gz"));
    boolean same = before.equals(server.ask(VERSIONS));
    out.println(
        same ? "Each row of the table is the same version as before." : "The table has CHANGED.");
    return same && status == ExitStatus.REJECTS.code();
  }

  private boolean jobs(DemoServer server, Path folder) {
    step(
        "Push jobs, with the references in input order. A job whose key is active already is not"
            + " pushed twice.");
    int status =
        load(
            server,
            folder,
            "jobs",
            List.of("jobs.csv"),
            "--create-table",
            "--outcomes",
            folder.resolve("outcomes.csv").toString());
    return status == ExitStatus.REJECTS.code();
  }

  private boolean race(DemoServer server, Path folder) throws IOException {
    step(
        "Race two loaders into a new table, one with the export backwards: four lanes each, small"
            + " chunks.");
    Path forwards = folder.resolve("contacts.csv");
    Path backwards = folder.resolve("contacts-backwards.csv");
    writeBackwards(forwards, backwards);
    CompletableFuture<String> other =
        CompletableFuture.supplyAsync(
            () -> racer(server, backwards, folder.resolve("rejects-2.csv")));
    out.print(racer(server, forwards, folder.resolve("rejects-1.csv")));
    out.print(other.join());
    String rows = server.ask("SELECT count(*) FROM race");
    String distinct = server.ask("SELECT count(DISTINCT (link_id, email_address)) FROM race");
    String deadlocks = server.ask(DEADLOCKS);
    out.println("Rows in the table: " + rows + ". Distinct contacts among them: " + distinct + ".");
    out.println("Deadlocks that the server has counted: " + deadlocks + ".");
    return rows.equals(distinct) && deadlocks.equals("0");
  }

  private static String racer(DemoServer server, Path export, Path rejects) {
    ByteArrayOutputStream summary = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(summary, true, StandardCharsets.UTF_8);
    server.pgbackfill(
        stream,
        List.of(
                "contacts",
                export.toString(),
                "--table=race",
                "--create-table",
                "--chunk-size=25",
                "--progress=none",
                "--output=json",
                "--rejects=" + rejects)
            .toArray(String[]::new));
    return summary.toString(StandardCharsets.UTF_8).replaceAll("\"elapsed.*", "...}");
  }

  /** Shows the command as one would type it, and runs it. */
  private int load(
      DemoServer server, Path folder, String command, List<String> files, String... options) {
    List<String> words = new ArrayList<>();
    words.add(command);
    files.forEach(file -> words.add(folder.resolve(file).toString()));
    words.addAll(List.of(options));
    words.addAll(List.of("--rejects", folder.resolve("rejects.csv").toString()));
    out.println("$ pgbackfill " + String.join(" ", words).replace(folder + "/", ""));
    words.add("--progress=none");
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    int status =
        server.pgbackfill(
            new PrintStream(output, true, StandardCharsets.UTF_8), words.toArray(String[]::new));
    out.print(output.toString(StandardCharsets.UTF_8).replace(folder + "/", ""));
    return status;
  }

  private void step(String text) {
    out.println();
    out.println("== " + text);
  }

  private static void copySamples(Path folder) throws IOException {
    for (String name : SAMPLES) {
      try (InputStream sample = DemoCommand.class.getResourceAsStream("/samples/" + name)) {
        if (sample == null) {
          throw new IOException("samples/" + name + " is not in the jar; build it again");
        }
        Files.copy(sample, folder.resolve(name));
      }
    }
  }

  private static void writeBackwards(Path export, Path backwards) throws IOException {
    List<List<String>> records = new ArrayList<>();
    try (CsvSource source =
            CsvSource.open(List.of(export.toString()), InputStream.nullInputStream());
        CsvWriter writer = CsvWriter.create(backwards)) {
      for (CsvRecord record = source.next(); record != null; record = source.next()) {
        if (record.fault() == null) {
          records.add(record.values());
        }
      }
      Collections.reverse(records);
      writer.write(source.files().get(0).header());
      for (List<String> record : records) {
        writer.write(record);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
