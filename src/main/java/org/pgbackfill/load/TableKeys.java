package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.pgbackfill.target.LockOrder;
import org.pgbackfill.target.Rows;

/**
 * Reads the keys that the table has, once for each link: a lane that meets new ones has them read
 * before it goes on, and one that would wait for that reads a share of them itself. Safe between
 * threads.
 */
final class TableKeys {
  /**
   * So many keys come at a time. The server is not to go on by itself as long as buffers take what
   * it sends: it and the lane would have a core each, for ten milliseconds and more.
   */
  private static final int PIECE = 5_000;

  /** The same where the live system is to feel little of it: a millisecond of work. */
  private static final int SMALL_PIECE = 1_000;

  /** With so many links each has too few keys to be worth a question of its own. */
  private static final int MOST_LINKS = 50_000;

  static final String WHO = "pgbackfill keys";

  private final Database database;
  private final TargetTable table;
  private final KnownKeys known;
  private final long most;
  private final int readers;
  private final int piece;
  private final Existence.Rests rests;
  private final AtomicLong count = new AtomicLong();

  private final Lock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Links whose keys have been asked for; a job has null. */
  private final Set<UUID> asked = new HashSet<>();

  private final Deque<List<UUID>> unread = new ArrayDeque<>();
  private int beingRead;
  private volatile boolean isGivenUp;

  /**
   * Nothing is read yet.
   *
   * @param known takes them
   * @param most how many are worth to be read
   * @param facts of the run
   * @param rests behind each piece of the reading
   */
  TableKeys(
      Database database,
      TargetTable table,
      KnownKeys known,
      long most,
      Existence.Facts facts,
      Existence.Rests rests) {
    this.database = database;
    this.table = table;
    this.known = known;
    this.most = most;
    this.readers = facts.isGentle() ? 1 : facts.lanes();
    this.piece = facts.isGentle() ? SMALL_PIECE : PIECE;
    this.rests = rests;
  }

  /**
   * Returns when the keys that these rows may meet are known. May be called again after a fault.
   *
   * @return false when they turn out to be too many, or take too long
   */
  boolean read(Rows rows) throws SQLException {
    ask(rows);
    for (List<UUID> links = next(); links != null; links = next()) {
      boolean isThrough = false;
      try {
        isThrough = readInTime(links);
      } finally {
        end(links, isThrough);
      }
    }
    return !isGivenUp;
  }

  private void ask(Rows rows) {
    lock.lock();
    try {
      List<UUID> links = new ArrayList<>();
      for (int i = 0; i < rows.size(); i++) {
        if (rows.keyed(i) && asked.add(rows.link(i))) {
          links.add(rows.link(i));
        }
      }
      if (asked.size() > MOST_LINKS) {
        isGivenUp = true;
      }
      share(links);
    } finally {
      lock.unlock();
    }
  }

  /** Neighbours stay together: their keys are neighbours in the index. */
  private void share(List<UUID> links) {
    if (links.size() > 1) {
      links.sort(LockOrder::compareUuid);
    }
    int size = (links.size() + readers - 1) / readers;
    for (int from = 0; from < links.size(); from += size) {
      unread.add(links.subList(from, Math.min(from + size, links.size())));
    }
  }

  /** Waits for what others read; null when there is no more to read. */
  private List<UUID> next() {
    lock.lock();
    try {
      while (!isGivenUp && beingRead > 0 && (unread.isEmpty() || beingRead == readers)) {
        changed.awaitUninterruptibly();
      }
      if (isGivenUp || unread.isEmpty()) {
        return null;
      }
      beingRead++;
      return unread.remove();
    } finally {
      lock.unlock();
    }
  }

  /** What has failed is to be read again, by whoever comes first. */
  private void end(List<UUID> links, boolean isThrough) {
    lock.lock();
    try {
      beingRead--;
      if (!isThrough) {
        unread.addFirst(links);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** In a transaction of its own. */
  private boolean readInTime(List<UUID> links) throws SQLException {
    try {
      if (!readKeys(links)) {
        isGivenUp = true;
      }
    } catch (SQLException e) {
      if (Fault.of(e) != Fault.TIMEOUT) {
        throw e;
      }
      isGivenUp = true;
    }
    return true;
  }

  /** False when there are too many. */
  private boolean readKeys(List<UUID> links) throws SQLException {
    // One more than is wanted tells that there are too many.
    String sql = table.keysSql(links) + " LIMIT " + (most - count.get() + 1);
    try (Connection connection = database.begin(WHO)) {
      try (PreparedStatement settings =
          connection.prepareStatement("SELECT set_config('enable_seqscan', 'on', true)")) {
        settings.execute(); // whichever way is shorter: nothing is looked up here
      }
      long read;
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        statement.setFetchSize(piece);
        try (ResultSet result = statement.executeQuery()) {
          read = note(result, links);
        }
      }
      connection.commit();
      return count.addAndGet(read) <= most;
    }
  }

  private long note(ResultSet result, List<UUID> links) throws SQLException {
    KnownKeys.Notes notes = known.notes();
    boolean linked = !links.contains(null);
    long read = 0;
    long begun = System.nanoTime();
    while (result.next()) {
      UUID link = linked ? links.get(result.getInt(1) - 1) : null;
      byte[] text = result.getBytes(linked ? 2 : 1);
      notes.add(link, text, 0, text.length);
      if (++read % piece == 0) {
        rests.after(Duration.ofNanos(System.nanoTime() - begun));
        begun = System.nanoTime();
      }
    }
    notes.end();
    return read;
  }
}
