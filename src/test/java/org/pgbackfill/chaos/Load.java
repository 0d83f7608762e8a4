package org.pgbackfill.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.testkit.MortalServer;

/** One load of a scene into a fresh copy of its database, by as many processes as it takes. */
final class Load implements AutoCloseable {
  static final int THREADS = 3;
  private static final String RUN = "chaos";
  private static final long LOOK_MILLIS = 5;

  private final MortalServer server;
  private final Scene scene;
  private final Path folder;
  private final String database;
  private final Instant from = Instant.now();
  private Tool tool;

  /**
   * Makes the copy.
   *
   * @param folder of its own
   */
  Load(MortalServer server, Scene scene, Path folder) {
    this.server = server;
    this.scene = scene;
    this.folder = folder;
    this.database = "load_" + folder.getFileName();
    try {
      Files.createDirectory(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    execute("postgres", "CREATE DATABASE " + database + " TEMPLATE " + scene.template());
  }

  Scene scene() {
    return scene;
  }

  /** A COMMIT that is answered before it is on the disk: as some servers are set up. */
  Load withAsynchronousCommit() {
    execute("postgres", "ALTER DATABASE " + database + " SET synchronous_commit = off");
    return this;
  }

  /** Starts a process. */
  Tool start(int chunkSize, String... how) {
    List<String> words = new ArrayList<>(scene.words());
    words.addAll(List.of("-h", "localhost", "-p", "" + server.port(), "-U", "postgres"));
    words.addAll(List.of("-d", database, "--run", RUN, "--threads", "" + THREADS));
    words.addAll(List.of("--chunk-size", "" + chunkSize, "--output", "json", "--progress", "none"));
    words.addAll(List.of("--outcomes", "outcomes.csv", "--rejects", "rejects.csv"));
    words.addAll(List.of(how));
    tool = Tool.start(words, scene.stdin(), folder);
    return tool;
  }

  /** Starts a process by the line that the one before printed to go on with. */
  Tool startByLine(String line) {
    tool = Tool.startByLine(line, folder);
    return tool;
  }

  /** Waits until the process holds the run; false when it ended before. */
  boolean awaitHold() {
    return await("state = 'running' AND holder LIKE '% process " + tool.pid() + "'");
  }

  /** Waits until the lanes are through with the record; false when the process ended before. */
  boolean awaitRecord(long record) {
    return await(
        "state <> 'running' OR (SELECT max(m.last_record) FROM pgbackfill.mark m) >= " + record);
  }

  /** Waits until the ledger has the run as ended; false when the process ended before. */
  boolean awaitEnd() {
    return await("state <> 'running'");
  }

  private boolean await(String condition) {
    String sql = "SELECT count(*) FROM pgbackfill.run WHERE " + condition;
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      boolean there = false;
      while (tool.isAlive()) {
        // The first start makes the ledger.
        there = there || number(statement, "SELECT count(to_regclass('pgbackfill.mark'))") > 0;
        if (there && number(statement, sql) > 0) {
          return true;
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
      return false;
    } catch (SQLException e) {
      throw new ChaosException("the ledger can't be looked at: " + e.getMessage());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where a process was killed, as the ledger has it. */
  Stage stage() {
    if (count("SELECT count(to_regclass('pgbackfill.mark'))") == 0
        || count("SELECT count(*) FROM pgbackfill.run") == 0) {
      return Stage.BEFORE;
    }
    if (count("SELECT count(*) FROM pgbackfill.run WHERE state = 'succeeded'") > 0) {
      return Stage.BEHIND;
    }
    return count("SELECT count(*) FROM pgbackfill.mark") == 0 ? Stage.BEFORE : Stage.WITHIN;
  }

  /** How far a run was. */
  enum Stage {
    /** No chunk was in. */
    BEFORE,
    /** Some of it was in. */
    WITHIN,
    /** It had succeeded, and had still to say so. */
    BEHIND
  }

  /** What the load has left. */
  Picture picture(Tool.Ended last) {
    RunIds ids =
        new RunIds(
            count("SELECT ids_millis FROM pgbackfill.run ORDER BY run_id LIMIT 1"),
            count("SELECT ids_tag FROM pgbackfill.run ORDER BY run_id LIMIT 1"));
    List<String> counters = new ArrayList<>();
    for (String field : List.of("state", "read", "inserted", "existing", "duplicate", "rejected")) {
      counters.add(field + " " + last.field(field));
    }
    counters.addAll(
        rows(
            "SELECT format('ledger: %s, %s inserted, %s existing, %s duplicate, %s rejected',"
                + " state, inserted, existing, duplicate, rejected) FROM pgbackfill.run"));
    counters.add("marks left " + count("SELECT count(*) FROM pgbackfill.mark"));
    return new Picture(
            rows("SELECT t::text FROM " + scene.table() + " t ORDER BY id"),
            lines("outcomes.csv").stream().map(this::withoutWhatIsNotAlwaysKnown).toList(),
            lines("rejects.csv"),
            counters)
        .canonical(ids, from);
  }

  private String withoutWhatIsNotAlwaysKnown(String line) {
    return scene.idsGiven() ? line.replaceAll(",duplicate,.*", ",duplicate,") : line;
  }

  private List<String> lines(String file) {
    try {
      Path path = folder.resolve(file);
      return Files.exists(path) ? List.of(Files.readString(path).split("(?<=\n)")) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How much the tool has tried again, of which no undisturbed load knows. */
  long retries() {
    return count("SELECT coalesce(max(retries), 0) FROM pgbackfill.run");
  }

  /** Loses a row, as a comparison must notice. */
  void loseRow() {
    execute(
        database,
        "DELETE FROM %1$s WHERE id = (SELECT max(id::text)::uuid FROM %1$s)"
            .formatted(scene.table()));
  }

  private List<String> rows(String sql) {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (result.next()) {
        rows.add(result.getString(1));
      }
      return rows;
    } catch (SQLException e) {
      throw new ChaosException(e.getMessage() + ": " + sql);
    }
  }

  private long count(String sql) {
    return Long.parseLong(rows(sql).get(0));
  }

  private static long number(Statement statement, String sql) throws SQLException {
    try (ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getLong(1);
    }
  }

  private void execute(String where, String sql) {
    try (Connection connection = server.connect(where);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new ChaosException(e.getMessage() + ": " + sql);
    }
  }

  /** Ends what still runs; the files stay for whoever wants to look. */
  @Override
  public void close() {
    if (tool != null) {
      tool.close();
      if (tool.livesFor(Duration.ofSeconds(10))) {
        throw new ChaosException("process " + tool.pid() + " does not end");
      }
    }
  }

  /** Drops the copy: it was as it should be. */
  void drop() {
    execute("postgres", "DROP DATABASE " + database + " WITH (FORCE)");
  }
}
