package org.pgbackfill.run;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Limits;
import org.pgbackfill.report.Progress;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Target;

/**
 * Everything that a verification needs to know before its first record.
 *
 * @param command contacts or jobs
 * @param files as typed, at least one
 * @param connection where to, and as whom
 * @param limits how long to wait for what
 * @param target fits the files' headers to the target
 * @param mapping what else decides how a record becomes a row, as the load's plan has it
 * @param book the run whose ids jobs are looked for by; null for none
 * @param finished where jobs are looked for that are not active any more
 * @param sortMemoryBytes what a sort may hold in memory; beyond it goes through a file
 * @param differences where all differences go; null for nowhere
 * @param progress how progress is shown
 * @param terminal whether standard error is a terminal
 */
public record VerifyPlan(
    String command,
    List<String> files,
    ConnectionSpec connection,
    Limits limits,
    Function<List<SourceFile>, Target> target,
    String mapping,
    Book book,
    Finished finished,
    long sortMemoryBytes,
    Path differences,
    Progress.Mode progress,
    boolean terminal) {
  /**
   * A run that the ledger knows.
   *
   * @param schema the ledger's
   * @param run its name
   */
  public record Book(String schema, String run) {}

  /** How jobs are looked for that workers have finished since. */
  public enum Finished {
    /** By their ids, where the export has them: an index has these. */
    BY_ID,
    /** By their unique keys as well, which takes reading the whole table. */
    BY_KEY
  }

  /** Sorts share the heap with batches of records; there are up to three of them. */
  private static final int HEAP_SHARE = 16;

  /** Refuses nonsense before the first record. */
  public VerifyPlan {
    files = List.copyOf(files);
    for (String file : files) {
      RunPlan.refuseOverwriting(file, "--differences", differences, "differences");
    }
  }

  /**
   * What a sort may hold where nobody says otherwise.
   *
   * @return bytes
   */
  public static long usualSortMemoryBytes() {
    return Runtime.getRuntime().maxMemory() / HEAP_SHARE;
  }
}
