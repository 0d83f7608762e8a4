package org.pgbackfill.run;

import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.target.Row;

/**
 * Some rows that are asked for together: bounded in number and in memory, for a job's arguments can
 * be long. For one thread.
 */
final class Batch {
  /** Enough for a round trip not to count, few enough for one statement. */
  private static final int USUAL_ROWS = 2_000;

  private static final int USUAL_HEAP_SHARE = 24;

  /** Where each question reads the whole table, there should be few of them. */
  private static final int MANY_ROWS = 20_000;

  private static final int LARGE_HEAP_SHARE = 8;

  /** A record's objects on a 64-bit JVM, besides its characters, and what is sent of it. */
  private static final long ROW_BYTES = 800;

  private final int mostRows;
  private final long mostBytes;
  private final List<Row> rows = new ArrayList<>();
  private long bytes;

  private Batch(int mostRows, int heapShare) {
    this.mostRows = mostRows;
    this.mostBytes = Runtime.getRuntime().maxMemory() / heapShare;
  }

  /** For looks into an index. */
  static Batch usual() {
    return new Batch(USUAL_ROWS, USUAL_HEAP_SHARE);
  }

  /** For reads of the whole table. */
  static Batch large() {
    return new Batch(MANY_ROWS, LARGE_HEAP_SHARE);
  }

  void add(Row row) {
    rows.add(row);
    bytes += ROW_BYTES + row.record().footprint();
  }

  boolean isFull() {
    return rows.size() >= mostRows || bytes >= mostBytes;
  }

  /** What is in it; it is empty then. */
  List<Row> take() {
    List<Row> taken = List.copyOf(rows);
    rows.clear();
    bytes = 0;
    return taken;
  }
}
