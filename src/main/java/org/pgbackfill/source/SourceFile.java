package org.pgbackfill.source;

import java.util.List;

/**
 * One file of a run, as its header line describes it.
 *
 * @param index its place among the run's files, 0-based
 * @param name as the operator typed it; {@code stdin} for standard input
 * @param header the column names in the file's order, as they stand there; never empty
 */
public record SourceFile(int index, String name, List<String> header) {
  /** Copies the list. */
  public SourceFile {
    header = List.copyOf(header);
  }
}
