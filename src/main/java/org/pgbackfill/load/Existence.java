package org.pgbackfill.load;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.pgbackfill.target.Row;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * How a run finds out which keys are there, without a question for each where it can. Safe between
 * threads.
 *
 * <p>Whatever it knows is what was so when it was read. What others insert afterwards is met as any
 * race is; what they delete, or a job that a worker finishes, was there when the run looked.
 */
public final class Existence {
  /** The ways, of which a run takes one. */
  public enum Way {
    /** The table had no row at the start: there is what the run itself inserts. */
    EMPTY,
    /** The keys that the export may meet are read once, and remembered. */
    KNOWN_KEYS,
    /** Each chunk asks for its own keys. */
    PROBE;

    /**
     * The way's word in summaries.
     *
     * @return lower case
     */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What a run is like, as far as it decides on the way.
   *
   * @param lanes how many there are
   * @param mostRecords how many will come at most; {@link Long#MAX_VALUE} where nobody knows
   * @param wantsIds whether the operator wants to know each row's id, now or when the run is
   *     resumed
   * @param isResumed whether some of its rows may be there
   */
  public record Facts(int lanes, long mostRecords, boolean wantsIds, boolean isResumed) {}

  /** What there is between two pieces of work that no rate measures. */
  public interface Rests {
    /** None. */
    Rests NONE = worked -> {};

    /**
     * Waits, or does not.
     *
     * @param worked how long the piece before took
     */
    void after(Duration worked);
  }

  /** So many keys are read at a stretch: a millisecond of work. */
  private static final int STRETCH = 1_000;

  /** A smaller export is through before the keys are read: so many probes take 0.05 s. */
  private static final long WORTH_READING = 10_000;

  /** With so many links each has too few keys to be worth a question of its own. */
  private static final int MOST_LINKS = 50_000;

  /** Of the heap, for all that is remembered; windows of records have as much. */
  private static final int HEAP_SHARE = 4;

  /** So many keys are looked up together: a hundred misses of the cache go on at once. */
  private static final int BATCH = 128;

  private static final String WHO = "pgbackfill keys";

  private final Database database;
  private final TargetTable table;
  private final boolean wantsIds;
  private final TargetTable.Probe probe;

  /**
   * To read a key costs a quarter of a probe, so more than there are records do not pay; nor do
   * more than there is room for.
   */
  private final long mostKeys;

  private final Rests rests;
  private final Object reading = new Object();
  private final Set<UUID> read = new HashSet<>();
  private final KeyHash readHash;
  private long keysRead;
  private volatile Way way;

  /** By lane; null when each chunk asks. */
  private volatile Lane[] lanes;

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

  /** What is known of one lane's keys. */
  private static final class Lane {
    private final KeySet keys;
    private final KeyHash hash;
    private final Batch batch = new Batch();

    /** Keys of the table that are still to be noted; for whoever reads them. */
    private final Batch read = new Batch();

    Lane(KeySet keys, KeyHash hash) {
      this.keys = keys;
      this.hash = hash;
    }

    synchronized void take(List<Row> rows, KeySet.Answer[] answers) {
      for (int from = 0, to = 0; from < answers.length; from = to) {
        batch.size = 0;
        for (; to < answers.length && !batch.isFull(); to++) {
          if (rows.get(to).keyed()) {
            hash(rows.get(to));
            batch.add(hash);
          }
        }
        keys.look(batch.high, batch.low, batch.size);
        for (int i = from, next = 0; i < to; i++) {
          // Without a key it can't be there: the run derives its id.
          answers[i] =
              rows.get(i).keyed()
                  ? keys.take(batch.high[next], batch.low[next++])
                  : KeySet.Answer.NEW;
        }
      }
    }

    /** Makes what was read known. */
    synchronized void noteRead() {
      keys.look(read.high, read.low, read.size);
      for (int i = 0; i < read.size; i++) {
        keys.set(read.high[i], read.low[i], KeySet.Answer.THERE);
      }
      read.size = 0;
    }

    synchronized void set(Row row, KeySet.Answer answer) {
      hash(row);
      keys.set(hash.high(), hash.low(), answer);
    }

    private void hash(Row row) {
      hash.set(row.link(), row.keyBytes(), row.keyFrom(), row.keyTo());
    }
  }

  private Existence(
      Database database, TargetTable table, Facts facts, Way way, long budget, Rests rests) {
    this.database = database;
    this.table = table;
    this.way = way;
    this.rests = rests;
    this.wantsIds = facts.wantsIds();
    this.probe = facts.isResumed() ? TargetTable.Probe.AGAIN : TargetTable.Probe.FIRST;
    this.mostKeys = Math.min(facts.mostRecords(), KeySet.room(budget));
    SecureRandom random = new SecureRandom();
    long key0 = random.nextLong();
    long key1 = random.nextLong();
    this.readHash = new KeyHash(key0, key1);
    if (way != Way.PROBE) {
      Lane[] empty = new Lane[facts.lanes()];
      for (int lane = 0; lane < empty.length; lane++) {
        empty[lane] = new Lane(new KeySet(budget / empty.length), new KeyHash(key0, key1));
      }
      this.lanes = empty;
    }
  }

  /**
   * Looks whether the table is empty, and decides.
   *
   * @param database where the table is
   * @param table what is loaded
   * @param facts of the run
   * @param rests behind each piece of the reading
   * @return for this run
   * @throws SQLException as any statement
   */
  public static Existence choose(Database database, TargetTable table, Facts facts, Rests rests)
      throws SQLException {
    return choose(database, table, facts, Runtime.getRuntime().maxMemory() / HEAP_SHARE, rests);
  }

  /** With a budget of the test's, in bytes. */
  static Existence choose(
      Database database, TargetTable table, Facts facts, long budget, Rests rests)
      throws SQLException {
    Way way = Way.PROBE;
    // A resumed run meets rows of its own; and an id of the export's may be there under any key.
    if (!facts.isResumed() && !table.idsGiven() && table.inserts()) {
      if (isEmpty(database, table)) {
        way = Way.EMPTY;
      } else if (facts.mostRecords() >= WORTH_READING) {
        way = Way.KNOWN_KEYS;
      }
    }
    return new Existence(database, table, facts, way, budget, rests);
  }

  private static boolean isEmpty(Database database, TargetTable table) throws SQLException {
    try (Connection connection = database.begin(WHO);
        PreparedStatement statement =
            connection.prepareStatement("SELECT NOT EXISTS (SELECT FROM " + table.name() + ")");
        ResultSet result = statement.executeQuery()) {
      result.next();
      return result.getBoolean(1);
    }
  }

  /**
   * The way that is taken.
   *
   * @return may become {@link Way#PROBE} when there turns out to be too much to remember
   */
  public Way way() {
    return way;
  }

  /** Whether somebody wants to know each row's id. */
  boolean wantsIds() {
    return wantsIds;
  }

  /** What a probe asks for when a chunk is loaded for the first time. */
  TargetTable.Probe probe() {
    return probe;
  }

  /**
   * Reads the keys that these rows may meet, unless they are known; in a transaction of its own.
   * May be called again after a fault.
   */
  void prepare(List<Row> rows) throws SQLException {
    if (way != Way.KNOWN_KEYS) {
      return;
    }
    synchronized (reading) {
      Set<UUID> links = new HashSet<>();
      for (Row row : rows) {
        if (row.keyed() && !read.contains(row.link())) {
          links.add(row.link());
        }
      }
      if (!links.isEmpty() && way == Way.KNOWN_KEYS) {
        if (read.size() + links.size() > MOST_LINKS || !readInTime(links)) {
          way = Way.PROBE;
          lanes = null;
        }
        read.addAll(links);
      }
    }
  }

  private boolean readInTime(Set<UUID> links) throws SQLException {
    try {
      return readKeys(links);
    } catch (SQLException e) {
      if (Fault.of(e) == Fault.TIMEOUT) {
        return false;
      }
      throw e;
    }
  }

  /** False when there are too many. */
  private boolean readKeys(Set<UUID> links) throws SQLException {
    try (Connection connection = database.begin(WHO)) {
      try (PreparedStatement settings =
          connection.prepareStatement("SELECT set_config('enable_seqscan', 'on', true)")) {
        settings.execute(); // whichever way is shorter: nothing is looked up here
      }
      boolean linked = !links.contains(null);
      CopyOut out =
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyOut(
                  // One more than is wanted tells that there are too many.
                  "COPY (%s LIMIT %d) TO STDOUT (FORMAT binary)"
                      .formatted(table.keysSql(links), mostKeys - keysRead + 1));
      readRows(out, linked);
      connection.commit();
      return keysRead <= mostKeys;
    }
  }

  /** One message for each row, and the signature with the first (Message Flow, COPY). */
  private void readRows(CopyOut out, boolean linked) throws SQLException {
    byte[] message = out.readFromCopy();
    if (message == null) {
      throw new SQLException("the keys of " + table.name() + " broke off", "08006");
    }
    // Signature, flags, and the length of an extension that has never come to be.
    int at = 19 + ByteBuffer.wrap(message).getInt(15);
    Lane[] known = lanes;
    long begun = System.nanoTime();
    for (; message != null; message = out.readFromCopy(), at = 0) {
      ByteBuffer row = ByteBuffer.wrap(message).position(at);
      if (row.hasRemaining() && row.getShort() >= 0) {
        note(known, message, row, linked);
        if (++keysRead % STRETCH == 0) {
          rests.after(Duration.ofNanos(System.nanoTime() - begun));
          begun = System.nanoTime();
        }
      }
    }
    for (Lane lane : known) {
      lane.noteRead();
    }
  }

  private void note(Lane[] known, byte[] message, ByteBuffer row, boolean linked) {
    UUID link = null;
    if (linked) {
      row.getInt(); // its length
      link = new UUID(row.getLong(), row.getLong());
    }
    int to = row.getInt() + row.position();
    int from = row.position();
    Lane lane = known[Row.lane(link, message, from, to, known.length)];
    readHash.set(link, message, from, to);
    lane.read.add(readHash);
    if (lane.read.isFull()) {
      lane.noteRead();
    }
  }

  /**
   * What is known of a chunk's rows before it is loaded. A new one counts as the run's own from now
   * on; {@link #correct} when it does not get in.
   *
   * @return for each row what is so; of several with one key only the first can be new
   */
  KeySet.Answer[] take(int lane, List<Row> rows) {
    KeySet.Answer[] answers = new KeySet.Answer[rows.size()];
    Lane[] known = lanes;
    if (known == null) {
      Arrays.fill(answers, KeySet.Answer.ASK);
      return answers;
    }
    known[lane].take(rows, answers);
    for (int i = 0; wantsIds && i < answers.length; i++) {
      answers[i] = answers[i] == KeySet.Answer.NEW ? KeySet.Answer.NEW : KeySet.Answer.ASK;
    }
    return answers;
  }

  /** Somebody else's row has its key, or the database has refused it: the table knows. */
  void correct(int lane, Row row) {
    Lane[] known = lanes;
    if (known != null && row.keyed()) {
      known[lane].set(row, KeySet.Answer.ASK);
    }
  }
}
