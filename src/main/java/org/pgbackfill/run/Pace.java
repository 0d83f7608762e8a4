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

  /**
   * A limited rate is kept in so many chunks a second and more, not in waves. A scheduler lets a
   * thread have its core for some milliseconds, and whoever else needs it waits as long: a program
   * that works 10 ms of every 30 makes the p99 of short transactions on two cores 1.8 times as
   * long, one that works 2 ms of every 6 1.1 times. Of 50, 100, 200 and 400 chunks a second 200
   * were the best (src/site/markdown/performance.md).
   */
  static final int CHUNKS_PER_SECOND = 200;

  /**
   * Where the rate is limited, so many windows a second are read, or more: what exists needs no
   * transaction but for the ledger's mark, and a lane marks its part of a window at once then.
   */
  static final int WINDOWS_PER_SECOND = 4;

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
    return (int) Math.min(size, mostAtRate());
  }

  private long mostAtRate() {
    Long perSecond = rate.perSecond();
    return perSecond == null ? most : Math.max(FEWEST, perSecond / CHUNKS_PER_SECOND);
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
    Long perSecond = rate.perSecond();
    long inTime = perSecond == null ? most : perSecond / WINDOWS_PER_SECOND / lanes;
    int full = (int) Math.min(most, Math.max(inTime, mostAtRate()));
    int each = lanes == 1 ? full : (int) Math.max(1, full - 3 * Math.sqrt(full));
    return Math.multiplyExact(lanes, each);
  }
}
