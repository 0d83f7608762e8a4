package org.pgbackfill.run;

import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.target.Row;

/**
 * Some rows that are asked for together: bounded in number and in memory, for a job's arguments can
 * be long. For one thread.
 */
final class Batch {
  private static final int MOST_ROWS = 2_000;

  /** A record's objects on a 64-bit JVM, besides its characters, and what is sent of it. */
  private static final long ROW_BYTES = 800;

  private static final long MOST_BYTES = Runtime.getRuntime().maxMemory() / 24;

  private final List<Row> rows = new ArrayList<>();
  private long bytes;

  void add(Row row) {
    rows.add(row);
    bytes += ROW_BYTES + row.record().characters();
  }

  boolean isFull() {
    return rows.size() >= MOST_ROWS || bytes >= MOST_BYTES;
  }

  /** What is in it; it is empty then. */
  List<Row> take() {
    List<Row> taken = List.copyOf(rows);
    rows.clear();
    bytes = 0;
    return taken;
  }
}
