package org.pgbackfill.load;

import java.security.SecureRandom;
import java.util.UUID;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;

/**
 * What is known of keys, by the lanes that their records go to, within a budget of memory. Safe
 * between threads.
 */
final class KnownKeys {
  /** So many keys are looked up together: a hundred misses of the cache go on at once. */
  private static final int BATCH = 128;

  /** What others may have to wait for at a stretch, on the core of whoever looks keys up. */
  private static final int STRETCH = 8 * BATCH;

  private final long key0;
  private final long key1;
  private final Lane[] lanes;

  /**
   * Nothing is there.
   *
   * @param budget for all lanes, in bytes
   */
  KnownKeys(int lanes, long budget) {
    SecureRandom random = new SecureRandom();
    this.key0 = random.nextLong();
    this.key1 = random.nextLong();
    this.lanes = new Lane[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      this.lanes[lane] = new Lane(new KeySet(budget / lanes), new KeyHash(key0, key1));
    }
  }

  /**
   * What is known of rows; a new one counts as the run's own from now on.
   *
   * @param answers by place
   * @param rests between two stretches of rows
   */
  void take(int lane, Rows rows, KeySet.Answer[] answers, Existence.Rests rests) {
    for (int from = 0; from < answers.length; from += STRETCH) {
      if (from > 0) {
        rests.moment();
      }
      lanes[lane].take(rows, answers, from, Math.min(from + STRETCH, answers.length));
    }
  }

  /** Whether it is known of all rows that they were there before the run. Takes nothing. */
  boolean areThere(int lane, Rows rows) {
    return lanes[lane].areThere(rows);
  }

  /** Says what is so of a row's key from now on. */
  void set(int lane, Rows rows, int place, KeySet.Answer answer) {
    lanes[lane].set(rows, place, answer);
  }

  /** For one thread that tells what the table has. */
  Notes notes() {
    return new Notes();
  }

  /** Some keys' hashes. For one thread. */
  private static final class Batch {
    private final long[] high = new long[BATCH];
    private final long[] low = new long[BATCH];
    private int size;

    /** Takes the last key that was hashed. */
    void add(KeyHash hash) {
      high[size] = hash.high();
      low[size] = hash.low();
      size++;
    }

    boolean isFull() {
      return size == BATCH;
    }
  }

  /** Keys that the table has, on their way to what is known. For one thread. */
  final class Notes {
    private final KeyHash hash = new KeyHash(key0, key1);
    private final Batch[] batches = new Batch[lanes.length];

    private Notes() {
      for (int lane = 0; lane < batches.length; lane++) {
        batches[lane] = new Batch();
      }
    }

    /**
     * The next key.
     *
     * @param link of a contact; null of a job
     * @param text in UTF-8
     * @param from where it starts
     * @param to behind its last byte
     */
    void add(UUID link, byte[] text, int from, int to) {
      int lane = Row.lane(link, text, from, to, lanes.length);
      hash.set(link, text, from, to);
      batches[lane].add(hash);
      if (batches[lane].isFull()) {
        lanes[lane].note(batches[lane]);
      }
    }

    /** Makes all of them known. */
    void end() {
      for (int lane = 0; lane < batches.length; lane++) {
        lanes[lane].note(batches[lane]);
      }
    }
  }

  /** What is known of one lane's keys. */
  private static final class Lane {
    private final KeySet keys;
    private final KeyHash hash;
    private final Batch batch = new Batch();

    Lane(KeySet keys, KeyHash hash) {
      this.keys = keys;
      this.hash = hash;
    }

    synchronized void take(Rows rows, KeySet.Answer[] answers, int start, int end) {
      for (int from = start, to = start; from < end; from = to) {
        to = look(rows, from, end);
        for (int i = from, next = 0; i < to; i++) {
          // Without a key it can't be there: the run derives its id.
          answers[i] =
              rows.keyed(i) ? keys.take(batch.high[next], batch.low[next++]) : KeySet.Answer.NEW;
        }
      }
    }

    synchronized boolean areThere(Rows rows) {
      for (int from = 0, to = 0; from < rows.size(); from = to) {
        to = look(rows, from, rows.size());
        if (batch.size < to - from) {
          return false;
        }
        for (int i = 0; i < batch.size; i++) {
          if (!keys.isThere(batch.high[i], batch.low[i])) {
            return false;
          }
        }
      }
      return true;
    }

    /** Hashes the keys of a batch of rows, and looks at their places; where the batch ends. */
    private int look(Rows rows, int from, int end) {
      batch.size = 0;
      int to = from;
      for (; to < end && !batch.isFull(); to++) {
        if (rows.keyed(to)) {
          hash(rows, to);
          batch.add(hash);
        }
      }
      keys.look(batch.high, batch.low, batch.size);
      return to;
    }

    synchronized void note(Batch read) {
      keys.look(read.high, read.low, read.size);
      for (int i = 0; i < read.size; i++) {
        keys.set(read.high[i], read.low[i], KeySet.Answer.THERE);
      }
      read.size = 0;
    }

    synchronized void set(Rows rows, int place, KeySet.Answer answer) {
      hash(rows, place);
      keys.set(hash.high(), hash.low(), answer);
    }

    private void hash(Rows rows, int place) {
      hash.set(rows.link(place), rows.keyBytes(place), rows.keyFrom(place), rows.keyTo(place));
    }
  }
}
