package org.pgbackfill.load;

import org.pgbackfill.target.Rows;

/**
 * The records of one lane that load together.
 *
 * @param lane the lane's number, 0-based
 * @param rows in input order; never empty
 */
public record Chunk(int lane, Rows rows) {
  /** Refuses an empty one. */
  public Chunk {
    if (rows.size() == 0) {
      throw new IllegalArgumentException("a chunk has at least one row");
    }
  }
}
