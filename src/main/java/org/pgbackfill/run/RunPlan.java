package org.pgbackfill.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.ledger.Work;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Limits;
import org.pgbackfill.load.Notify;
import org.pgbackfill.report.Progress;
import org.pgbackfill.report.Reports;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Target;

/**
 * Everything that a run needs to know before its first record.
 *
 * @param command contacts, jobs or job-updates
 * @param started when the run began; a new run's ids begin with it
 * @param files as typed, at least one
 * @param connection where to, and as whom
 * @param limits how long to wait for what
 * @param into what is loaded
 * @param threads lanes and connections, from 1 to 64
 * @param chunkSize the most records in one transaction, from 1 to 1,000,000
 * @param maxRunTime when the run stops by itself; null for never
 * @param book which run this is to the ledger
 * @param reporting what the operator gets to see
 * @param throttle what the load holds back for
 */
public record RunPlan(
    String command,
    Instant started,
    List<String> files,
    ConnectionSpec connection,
    Limits limits,
    Into into,
    int threads,
    int chunkSize,
    Duration maxRunTime,
    Book book,
    Reporting reporting,
    ThrottlePlan throttle) {
  /**
   * What is loaded.
   *
   * @param target fits the files' headers to the target
   * @param mapping what else decides how a record becomes a row, as text that is the same for the
   *     same
   * @param createTable whether a missing table is made
   * @param notification when workers are told
   */
  public record Into(
      Function<List<SourceFile>, Target> target,
      String mapping,
      boolean createTable,
      Notify notification) {}

  /**
   * Which run this is to the ledger.
   *
   * @param schema the ledger's; null to load without one
   * @param name the operator's name for the run; null to be named after its time
   * @param defaultName after the run's time
   * @param intent what is to be done about an earlier run
   * @param holder host and process, for those who find the run taken
   */
  public record Book(
      String schema,
      String name,
      String defaultName,
      Ledger.Request.Intent intent,
      String holder) {}

  /**
   * What the operator gets to see.
   *
   * @param rejects where a reject file would be made; null for the run's name in the working folder
   * @param rejectLimit how many rejects are put up with
   * @param outcomes the outcome file; null for none
   * @param progress how progress is shown
   * @param terminal whether standard error is a terminal
   */
  public record Reporting(
      Path rejects,
      RejectLimit rejectLimit,
      Path outcomes,
      Progress.Mode progress,
      boolean terminal) {}

  /** The most lanes: each takes a connection of a server that others use, too. */
  public static final int MAX_THREADS = 64;

  /**
   * By default. Of 20,000, 30,000 and 50,000 the last is the fastest where rows are inserted, by a
   * twentieth where half of them are new (src/site/markdown/performance.md).
   */
  public static final int CHUNK_SIZE = 50_000;

  /** The same where rows may change: they are locked as long as their chunk is on its way. */
  public static final int CHANGING_CHUNK_SIZE = 20_000;

  /** The largest chunk: its records are held in memory. */
  public static final int MAX_CHUNK_SIZE = 1_000_000;

  /** Refuses nonsense before the first record. */
  public RunPlan {
    files = List.copyOf(files);
    Objects.requireNonNull(started);
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          "no file to load; name at least one, or - for standard input");
    }
    requireThreads(threads);
    if (chunkSize < 1 || chunkSize > MAX_CHUNK_SIZE) {
      throw new IllegalArgumentException(
          "--chunk-size " + chunkSize + ": expected 1 to " + MAX_CHUNK_SIZE);
    }
    for (String file : files) {
      refuseOverwriting(file, "--rejects", reporting.rejects(), "rejects");
      refuseOverwriting(file, "--outcomes", reporting.outcomes(), "outcomes");
    }
    if (reporting.rejects() != null && Files.exists(reporting.rejects())) {
      Path old = Reports.old(reporting.rejects());
      if (isSame(old, reporting.outcomes())
          || files.stream().anyMatch(file -> isSame(old, Path.of(file)))) {
        throw new IllegalArgumentException(
            "--rejects "
                + reporting.rejects()
                + " is there from an earlier run and would be kept as "
                + old
                + ", which this run needs for something else; name another for the rejects");
      }
    }
    if (isSame(reporting.rejects(), reporting.outcomes())) {
      throw new IllegalArgumentException(
          "--outcomes "
              + reporting.outcomes()
              + " is the file for the rejects as well; name another for the outcomes");
    }
  }

  /**
   * Refuses a number of lanes that no run has.
   *
   * @param threads how many
   * @throws IllegalArgumentException says what was expected
   */
  public static void requireThreads(int threads) {
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException("--threads " + threads + ": expected 1 to " + MAX_THREADS);
    }
  }

  static void refuseOverwriting(String file, String option, Path path, String what) {
    if (isSame(path, Path.of(file))) {
      throw new IllegalArgumentException(
          option + " " + path + " is a file to load as well; name another for the " + what);
    }
  }

  private static boolean isSame(Path one, Path other) {
    if (one == null || other == null) {
      return false;
    }
    try {
      return Files.isSameFile(one, other);
    } catch (IOException e) {
      // One of them is not there: their names decide.
      return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
    }
  }

  /**
   * The most records in one transaction, where the operator does not say.
   *
   * @param changesRows whether rows that are there may change
   * @return {@link #CHUNK_SIZE} or {@link #CHANGING_CHUNK_SIZE}
   */
  public static int chunkSize(boolean changesRows) {
    return changesRows ? CHANGING_CHUNK_SIZE : CHUNK_SIZE;
  }

  /** The run's name, as far as it is known before the ledger is asked. */
  String name() {
    return book.name() == null ? book.defaultName() : book.name();
  }

  /** Where a run of this name would make its reject file. */
  Path rejects(String run) {
    return reporting.rejects() == null ? Path.of(run + "-rejects.csv") : reporting.rejects();
  }

  /** What the ledger is asked for, once the files are open and the table is found. */
  Ledger.Request request(CsvSource source, String table, RunIds ids) throws SourceException {
    return new Ledger.Request(
        book.name(),
        book.defaultName(),
        new Work(command, table, into.mapping(), source.contents()),
        book.intent(),
        ids,
        threads,
        reporting.outcomes() != null,
        book.holder(),
        UUID.randomUUID());
  }
}
