package org.pgbackfill.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.Chunk;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.CheckedRecords;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;

/**
 * Some consecutive records on their way: dealt to the lanes together, and complete when the last
 * lane is through with its part. That bounds what must wait in memory to be told in input order.
 */
final class Window {
  /** One lane's part of a window. */
  static final class Part {
    private final Window window;
    private final int lane;

    /** Where its records stand in the window. */
    private final int[] positions;

    private Part(Window window, int lane, int[] positions) {
      this.window = window;
      this.lane = lane;
      this.positions = positions;
    }

    /** Which. */
    Window window() {
      return window;
    }

    /** Whose. */
    int lane() {
      return lane;
    }

    /** Its rows, which stay where they are. */
    Chunk chunk() {
      return new Chunk(lane, new Rows(window.records, positions));
    }

    /** How many of its first records are known to be there. */
    int there() {
      int count = 0;
      while (count < positions.length && positions[count] < window.there) {
        count++;
      }
      return count;
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
      return new Part(window, lane, Arrays.copyOfRange(positions, from, to));
    }
  }

  /**
   * What a record takes besides where it is kept: its outcome, its lane, its position, and its
   * share of the numbers that the loading of one window at a time needs.
   */
  private static final long RECORD_BYTES = 60;

  /**
   * Memory is bounded as well as the number of records, for a job's arguments can be long, and the
   * heap small: up to three windows are on their way and a fourth one is filled, and what is known
   * of keys takes a quarter.
   */
  private static final long MAX_BYTES = Runtime.getRuntime().maxMemory() / 9;

  private static final byte NO_LANE = -1;

  private final int capacity;
  private final int most;
  private final int lanes;
  private final CheckedRecords records;
  private final List<Outcome> outcomes;

  /** By position, {@link #NO_LANE} where the outcome is known. */
  private byte[] laneOf;

  private int open;

  /** All open records before this position are known to be there. */
  private int there;

  /** Whether one behind them is not. */
  private boolean isMixed;

  /**
   * Without a record.
   *
   * @param capacity how many records make it full
   * @param most how many make any window full
   */
  Window(int capacity, int most, int lanes) {
    this.capacity = capacity;
    this.most = most;
    this.lanes = lanes;
    int room = (int) Math.max(1, Math.min(capacity, MAX_BYTES / RECORD_BYTES));
    this.records = new CheckedRecords(room);
    this.outcomes = new ArrayList<>(room);
    this.laneOf = new byte[room];
  }

  /**
   * Adds the next record; a reject of the checks has its outcome at once, and null waits for a
   * lane.
   */
  void add(Checked checked, Outcome outcome) {
    int position = records.size();
    if (position == laneOf.length) {
      laneOf = Arrays.copyOf(laneOf, 2 * position);
    }
    boolean isOpen = outcome == null;
    laneOf[position] = isOpen ? (byte) ((Row) checked).lane(lanes) : NO_LANE;
    open += isOpen ? 1 : 0;
    records.add(checked);
    outcomes.add(outcome);
  }

  /**
   * Has those looked up that came since the last time, as long as all are there: while the reader's
   * core has them in its cache that takes less than it takes a lane.
   *
   * @param areThere whether it is known of a chunk
   */
  void look(Predicate<Chunk> areThere) {
    int end = records.size();
    for (int lane = 0; lane < lanes && !isMixed; lane++) {
      int[] positions = positions(lane, there);
      isMixed =
          positions.length > 0 && !areThere.test(new Chunk(lane, new Rows(records, positions)));
    }
    there = isMixed ? there : end;
  }

  boolean isFull() {
    return records.size() >= capacity || bytes() >= MAX_BYTES;
  }

  /** What it has of the most that a window may have: 1, or a little more, of the fullest. */
  double fullness() {
    return Math.max(records.size() / (double) most, bytes() / (double) MAX_BYTES);
  }

  private long bytes() {
    return records.footprint() + RECORD_BYTES * records.size();
  }

  boolean isEmpty() {
    return records.size() == 0;
  }

  /** The open records by lane; the lane cuts them into chunks. */
  List<Part> deal() {
    List<Part> parts = new ArrayList<>();
    for (int lane = 0; lane < lanes; lane++) {
      int[] positions = positions(lane, 0);
      if (positions.length > 0) {
        parts.add(new Part(this, lane, positions));
      }
    }
    return parts;
  }

  /** Where a lane's open records are. */
  private int[] positions(int lane, int from) {
    int count = 0;
    for (int i = from; i < records.size(); i++) {
      count += laneOf[i] == lane ? 1 : 0;
    }
    int[] positions = new int[count];
    for (int i = 0, next = from; i < count; next++) {
      if (laneOf[next] == lane) {
        positions[i++] = next;
      }
    }
    return positions;
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
