package org.pgbackfill.chaos;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.testkit.ExportGenerator;
import org.pgbackfill.testkit.ExportOptions;
import org.pgbackfill.testkit.MortalServer;
import org.postgresql.PGConnection;

/**
 * Makes the exports and the databases: rows that are there already, repeats near and far, bad
 * lines, records that only the database refuses, jobs without keys, exports that bring ids.
 */
final class Scenes {
  private static final int THERE_ALREADY_PERCENT = 20;

  private final MortalServer server;
  private final Path folder;
  private final long seed;
  private final int records;

  private Scenes(MortalServer server, Path folder, long seed, int records) {
    this.server = server;
    this.folder = folder;
    this.seed = seed;
    this.records = records;
  }

  /** One of them. */
  private interface Making {
    Scene make() throws IOException, SQLException;
  }

  /** Makes as many as are wanted. */
  static List<Scene> make(MortalServer server, Path folder, Chaos.Plan plan) {
    Scenes scenes = new Scenes(server, folder, plan.seed(), plan.records());
    List<Making> all =
        List.of(
            scenes::jobs,
            scenes::contacts,
            scenes::jobsWithIds,
            scenes::contactsFromStandardInput,
            scenes::contactsWithIds);
    try {
      List<Scene> made = new ArrayList<>();
      for (Making making : all.subList(0, plan.scenes())) {
        made.add(making.make());
      }
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new ChaosException("the scenes can't be made: " + e.getMessage());
    }
  }

  private ExportOptions options(int skip) {
    return ExportOptions.of(records, seed)
        .withKeys(records * 3L, skip)
        .withLinks(7)
        .withRepeats(8)
        .withBad(1);
  }

  private Path export(String command, String name, ExportOptions options) throws IOException {
    Path file = folder.resolve(name);
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      if (command.equals("jobs")) {
        ExportGenerator.jobs(options.withUnkeyed(40), writer);
      } else {
        ExportGenerator.contacts(options, writer);
      }
    }
    return file;
  }

  private Scene jobs() throws IOException, SQLException {
    Path export = export("jobs", "jobs.csv", options(0));
    Path before = export("jobs", "jobs-before.csv", before());
    template("chaos_jobs", List.of("jobs", before.toString()));
    refuseSome("chaos_jobs", "chancy_jobs", "coalesce(unique_key, kwargs::text || queue)");
    return new Scene("jobs", "jobs", "chaos_jobs", "chancy_jobs", List.of(export), null, false);
  }

  private Scene contacts() throws IOException, SQLException {
    Path one = export("contacts", "contacts-1.csv", options(0));
    Path two = export("contacts", "contacts-2.csv", options(records / 2));
    Path before = export("contacts", "contacts-before.csv", before());
    template("chaos_contacts", List.of("contacts", before.toString()));
    refuseSome("chaos_contacts", "email_contacts", "email_address");
    return new Scene(
        "contacts", "contacts", "chaos_contacts", "email_contacts", List.of(one, two), null, false);
  }

  private Scene contactsFromStandardInput() throws IOException {
    Path export = export("contacts", "contacts-stdin.csv", options(records / 3));
    return new Scene(
        "contacts from standard input",
        "contacts",
        "chaos_contacts",
        "email_contacts",
        List.of(),
        export,
        false);
  }

  private ExportOptions before() {
    long some = (long) records * THERE_ALREADY_PERCENT / 100;
    return new ExportOptions(
        some,
        seed,
        7,
        records * 3L,
        0,
        0,
        0,
        0,
        ExportOptions.Order.RANDOM,
        ExportOptions.LineEnd.LF);
  }

  /** An export of a table by COPY, with ids: most of them, and some lines twice. */
  private Scene contactsWithIds() throws IOException, SQLException {
    Path source = export("contacts", "contacts-source.csv", options(records));
    template("chaos_source_contacts", List.of("contacts", source.toString()));
    Path export = folder.resolve("contacts-ids.csv");
    copy(
        "chaos_source_contacts",
        export,
        """
        SELECT CASE WHEN hashtext(c.id::text) & 7 <> 5 THEN c.id END AS id,
               CASE WHEN hashtext(c.id::text) & 127 = 9 THEN 'no uuid' ELSE c.link_id::text END AS link_id,
               c.email_address, c.name, c.created_at
        FROM email_contacts c
        -- a repeat that stands near, and one that stands far
        CROSS JOIN LATERAL generate_series(0, CASE WHEN hashtext(c.email_address) & 3 = 1 THEN 2 ELSE 0 END) AS r
        ORDER BY (hashtext(c.email_address) & 255) + CASE r WHEN 2 THEN 100 ELSE 0 END, c.email_address, r
        """);
    template("chaos_contacts_ids", List.of("contacts", partOf(export).toString()));
    refuseSome("chaos_contacts_ids", "email_contacts", "email_address");
    return new Scene(
        "contacts with ids",
        "contacts",
        "chaos_contacts_ids",
        "email_contacts",
        List.of(export),
        null,
        true);
  }

  private Scene jobsWithIds() throws IOException, SQLException {
    Path source = export("jobs", "jobs-source.csv", options(records));
    template("chaos_source_jobs", List.of("jobs", source.toString()));
    Path export = folder.resolve("jobs-ids.csv");
    copy(
        "chaos_source_jobs",
        export,
        """
        SELECT CASE WHEN hashtext(j.id::text) & 7 <> 5 THEN j.id END AS id,
               CASE WHEN hashtext(j.id::text) & 127 = 9 THEN '' ELSE j.func END AS func,
               j.queue, j.kwargs, j.priority, j.unique_key, j.scheduled_at, j.created_at,
               CASE WHEN hashtext(j.id::text) & 15 = 3 THEN 'succeeded' ELSE j.state END AS state
        FROM chancy_jobs j
        -- a repeat that stands near, and one that stands far
        CROSS JOIN LATERAL generate_series(0, CASE WHEN hashtext(j.id::text) & 48 = 16 THEN 2 ELSE 0 END) AS r
        ORDER BY (hashtext(j.id::text) & 255) + CASE r WHEN 2 THEN 100 ELSE 0 END, j.id, r
        """);
    template("chaos_jobs_ids", List.of("jobs", partOf(export).toString()));
    refuseSome("chaos_jobs_ids", "chancy_jobs", "coalesce(unique_key, kwargs::text || queue)");
    return new Scene(
        "jobs with ids", "jobs", "chaos_jobs_ids", "chancy_jobs", List.of(export), null, true);
  }

  private Path partOf(Path export) throws IOException {
    // COPY writes a line break inside of a field as it is: a piece of a record at the end is a
    // reject.
    List<String> lines = Files.readAllLines(export);
    List<String> part = new ArrayList<>(lines.subList(0, 1));
    part.addAll(lines.subList(lines.size() / 3, lines.size() / 3 + lines.size() / 5));
    return Files.write(folder.resolve("before-" + export.getFileName()), part);
  }

  /** A database with the tool's own table, and what a load brings into it. */
  private void template(String database, List<String> words) throws SQLException {
    execute("postgres", "CREATE DATABASE " + database);
    List<String> load = new ArrayList<>(words);
    load.addAll(List.of("--create-table", "--no-ledger", "--rejects", database + "-rejects.csv"));
    load.addAll(List.of("-h", "localhost", "-p", "" + server.port(), "-U", "postgres"));
    load.addAll(List.of("-d", database, "--progress", "none"));
    try (Tool tool = Tool.start(load, null, folder)) {
      Tool.Ended ended = tool.await();
      if (!ended.loaded()) {
        throw new ChaosException("the rows of " + database + " don't load: " + ended);
      }
    }
  }

  /** Some records pass every check but the database's own. */
  private void refuseSome(String database, String table, String text) throws SQLException {
    execute(
        database,
        "ALTER TABLE %s ADD CONSTRAINT chaos CHECK (hashtext(%s) & 127 <> 77) NOT VALID"
            .formatted(table, text));
  }

  private void copy(String database, Path file, String query) throws IOException, SQLException {
    try (Connection connection = server.connect(database);
        OutputStream out = Files.newOutputStream(file)) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut("COPY (" + query + ") TO STDOUT (FORMAT csv, HEADER)", out);
    }
  }

  private void execute(String database, String sql) throws SQLException {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
