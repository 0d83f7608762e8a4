package org.pgbackfill.load;

import java.util.List;
import org.pgbackfill.target.Row;

/**
 * The records of one lane that load together.
 *
 * @param lane the lane's number, 0-based
 * @param rows in input order; never empty
 */
public record Chunk(int lane, List<Row> rows) {
  /** Copies the list and refuses an empty one. */
  public Chunk {
    rows = List.copyOf(rows);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("a chunk has at least one row");
    }
  }
}
