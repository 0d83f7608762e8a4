package org.pgbackfill.run;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Notify;
import org.pgbackfill.report.Progress;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Target;

/**
 * Everything that a run needs to know before its first record.
 *
 * @param name the run's
 * @param command contacts or jobs
 * @param started when the run began; its ids begin with it
 * @param connection where to, and as whom
 * @param files as typed, at least one
 * @param target fits the files' headers to the target
 * @param createTable whether a missing table is made
 * @param threads lanes and connections, from 1 to 64
 * @param chunkSize the most records in one transaction, from 1 to 1,000,000
 * @param rejects where a reject file would be made
 * @param rejectLimit how many rejects are put up with
 * @param outcomes the outcome file; null for none
 * @param notification when workers are told
 * @param progress how progress is shown
 * @param terminal whether standard error is a terminal
 */
public record RunPlan(
    String name,
    String command,
    Instant started,
    ConnectionSpec connection,
    List<String> files,
    Function<List<SourceFile>, Target> target,
    boolean createTable,
    int threads,
    int chunkSize,
    Path rejects,
    RejectLimit rejectLimit,
    Path outcomes,
    Notify notification,
    Progress.Mode progress,
    boolean terminal) {
  /** The most lanes: each takes a connection of a server that others use, too. */
  public static final int MAX_THREADS = 64;

  /** The largest chunk: its records are held in memory. */
  public static final int MAX_CHUNK_SIZE = 1_000_000;

  /** How long one chunk is tried before the run ends. */
  static final Duration RETRY_TOTAL = Duration.ofMinutes(2);

  /** Refuses nonsense before the first record. */
  public RunPlan {
    files = List.copyOf(files);
    Objects.requireNonNull(started);
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          "no file to load; name at least one, or - for standard input");
    }
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException("--threads " + threads + ": expected 1 to " + MAX_THREADS);
    }
    if (chunkSize < 1 || chunkSize > MAX_CHUNK_SIZE) {
      throw new IllegalArgumentException(
          "--chunk-size " + chunkSize + ": expected 1 to " + MAX_CHUNK_SIZE);
    }
    for (String file : files) {
      if (isSame(Path.of(file), rejects)) {
        throw new IllegalArgumentException(
            "--rejects " + rejects + " is a file to load as well; name another for the rejects");
      }
      if (isSame(Path.of(file), outcomes)) {
        throw new IllegalArgumentException(
            "--outcomes " + outcomes + " is a file to load as well; name another for the outcomes");
      }
    }
    if (isSame(rejects, outcomes)) {
      throw new IllegalArgumentException(
          "--outcomes "
              + outcomes
              + " is the file for the rejects as well; name another for the outcomes");
    }
  }

  private static boolean isSame(Path one, Path other) {
    return other != null
        && one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
  }

  /**
   * How many records are dealt at a time: a little less than fills every lane, since a hash deals
   * unevenly and a few records too many would make a tiny chunk. Three standard deviations.
   */
  int windowRecords() {
    int each = threads == 1 ? chunkSize : (int) Math.max(1, chunkSize - 3 * Math.sqrt(chunkSize));
    return Math.multiplyExact(threads, each);
  }
}
