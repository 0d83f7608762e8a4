package org.pgbackfill.run;

import java.time.Duration;

/**
 * How many records the next chunk takes: the most that one may have; fewer where chunks should take
 * a given time, or where so many in a second are let through. Safe between threads.
 *
 * <p>The rate behind a chunk's time is a weighted average as pt-online-schema-change has it: each
 * chunk counts, and the older the less.
 */
final class Pace {
  /** Below, a chunk's own cost is more than its rows'. */
  static final int FEWEST = 100;

  /** The first chunks of a run that is to keep a time: nobody knows yet how long they take. */
  static final int FIRST = 1_000;

  /** What the average so far weighs beside the next chunk. */
  private static final double WEIGHT = 0.75;

  private final Rate rate;
  private int most;
  private Duration chunkTime;
  private double records;
  private double seconds;

  /**
   * Begins without experience.
   *
   * @param most the most records in a chunk
   * @param chunkTime how long one should take; null to take as many as there are
   */
  Pace(int most, Duration chunkTime, Rate rate) {
    this.most = most;
    this.chunkTime = chunkTime;
    this.rate = rate;
  }

  synchronized void setMost(int records) {
    most = records;
  }

  synchronized void setChunkTime(Duration time) {
    chunkTime = time;
  }

  /** Learns from a chunk. */
  synchronized void loaded(int count, Duration took) {
    records = records * WEIGHT + count;
    seconds = seconds * WEIGHT + took.toNanos() / 1e9;
  }

  /** For the next chunk. */
  synchronized int next() {
    long size = most;
    if (chunkTime != null) {
      size = Math.min(size, inTime());
    }
    Long perSecond = rate.perSecond();
    if (perSecond != null) {
      // A second's worth: large chunks at a small rate would be waves.
      size = Math.min(size, Math.max(FEWEST, perSecond));
    }
    return (int) size;
  }

  private long inTime() {
    if (seconds == 0) {
      return FIRST;
    }
    return Math.max(FEWEST, (long) (records / seconds * (chunkTime.toNanos() / 1e9)));
  }

  /**
   * How many records are dealt at a time: a little less than fills every lane, since a hash deals
   * unevenly and a few records too many would make a tiny chunk. Three standard deviations.
   */
  synchronized int window(int lanes) {
    int each = lanes == 1 ? most : (int) Math.max(1, most - 3 * Math.sqrt(most));
    return Math.multiplyExact(lanes, each);
  }
}
