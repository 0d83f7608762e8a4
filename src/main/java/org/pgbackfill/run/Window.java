package org.pgbackfill.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.Chunk;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.Row;

/**
 * Some consecutive records on their way: dealt to the lanes together, and complete when the last
 * lane is through with its part. That bounds what must wait in memory to be told in input order.
 */
final class Window {
  /** One lane's part of a window. */
  static final class Part {
    private final Window window;
    private final Chunk chunk;

    /** Where the chunk's rows stand in the window. */
    private final int[] positions;

    private Part(Window window, Chunk chunk, int[] positions) {
      this.window = window;
      this.chunk = chunk;
      this.positions = positions;
    }

    /** Which. */
    Window window() {
      return window;
    }

    /** The rows. */
    Chunk chunk() {
      return chunk;
    }

    int size() {
      return positions.length;
    }

    /** Its first records, no more than so many. */
    Part first(int records) {
      return records >= size() ? this : slice(0, records);
    }

    /** What is left behind the first so many records; null for nothing. */
    Part behind(int records) {
      return records >= size() ? null : slice(records, size());
    }

    private Part slice(int from, int to) {
      return new Part(
          window,
          new Chunk(chunk.lane(), chunk.rows().subList(from, to)),
          Arrays.copyOfRange(positions, from, to));
    }
  }

  /** A record's objects on a 64-bit JVM, besides its values: measured, about. */
  private static final long RECORD_BYTES = 200;

  /**
   * Memory is bounded as well as the number of records, for a job's arguments can be long, and the
   * heap small: up to four windows are on their way, and what is known of keys takes a quarter.
   */
  private static final long MAX_BYTES = Runtime.getRuntime().maxMemory() / 12;

  private static final byte NO_LANE = -1;

  private final int capacity;
  private final List<Checked> records;
  private final List<Outcome> outcomes;
  private long bytes;
  private int open;

  Window(int capacity) {
    this.capacity = capacity;
    // More seldom fit into its memory.
    this.records = new ArrayList<>(Math.min(capacity, 1 << 15));
    this.outcomes = new ArrayList<>(Math.min(capacity, 1 << 15));
  }

  /**
   * Adds the next record; a reject of the checks has its outcome at once, and null waits for a
   * lane.
   */
  void add(Checked checked, Outcome outcome) {
    records.add(checked);
    outcomes.add(outcome);
    open += outcome == null ? 1 : 0;
    bytes += RECORD_BYTES + checked.record().footprint();
  }

  boolean isFull() {
    return records.size() >= capacity || bytes >= MAX_BYTES;
  }

  boolean isEmpty() {
    return records.isEmpty();
  }

  /** The rows by lane; the lane cuts them into chunks. */
  List<Part> deal(int lanes) {
    byte[] laneOf = new byte[records.size()];
    int[] counts = new int[lanes];
    for (int i = 0; i < laneOf.length; i++) {
      boolean isOpen = records.get(i) instanceof Row && outcomes.get(i) == null;
      laneOf[i] = isOpen ? (byte) ((Row) records.get(i)).lane(lanes) : NO_LANE;
      if (isOpen) {
        counts[laneOf[i]]++;
      }
    }
    List<Part> parts = new ArrayList<>();
    for (int lane = 0; lane < lanes; lane++) {
      if (counts[lane] > 0) {
        parts.add(part(lane, positions(laneOf, lane, counts[lane])));
      }
    }
    return parts;
  }

  private static int[] positions(byte[] laneOf, int lane, int count) {
    int[] positions = new int[count];
    for (int i = 0, next = 0; i < count; next++) {
      if (laneOf[next] == lane) {
        positions[i++] = next;
      }
    }
    return positions;
  }

  private Part part(int lane, int[] positions) {
    List<Row> rows = new ArrayList<>(positions.length);
    for (int position : positions) {
      rows.add((Row) records.get(position));
    }
    return new Part(this, new Chunk(lane, rows), positions);
  }

  /** Notes the outcomes of one part. To be called under {@link InputOrder}'s lock. */
  void settle(Part part, List<Outcome> settled) {
    for (int i = 0; i < settled.size(); i++) {
      outcomes.set(part.positions[i], settled.get(i));
    }
    open -= settled.size();
  }

  boolean isComplete() {
    return open == 0;
  }

  int size() {
    return records.size();
  }

  Checked record(int position) {
    return records.get(position);
  }

  /** Null as long as no lane has said what became of it. */
  Outcome outcome(int position) {
    return outcomes.get(position);
  }
}
