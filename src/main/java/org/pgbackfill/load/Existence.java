package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.pgbackfill.target.Rows;

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
   * @param isGentle whether the live system is to feel little of the run: others are at work, or
   *     its rate is limited
   * @param mostRecords how many will come at most; {@link Long#MAX_VALUE} where nobody knows
   * @param wantsIds whether the operator wants to know each row's id, now or when the run is
   *     resumed
   * @param isResumed whether some of its rows may be there
   */
  public record Facts(
      int lanes, boolean isGentle, long mostRecords, boolean wantsIds, boolean isResumed) {}

  /** What there is between two pieces of work. Safe between threads. */
  public interface Rests {
    /** None. */
    Rests NONE =
        new Rests() {
          @Override
          public void after(Duration worked) {}

          @Override
          public void moment() {}
        };

    /**
     * Waits, or does not, behind a piece of work that no rate measures.
     *
     * @param worked how long the piece took
     */
    void after(Duration worked);

    /** Lets others have the core, or does not; may be called a thousand times in a second. */
    void moment();
  }

  /** A smaller export is through before the keys are read: so many probes take 0.05 s. */
  private static final long WORTH_READING = 10_000;

  /** Of the heap, for all that is remembered; windows of records may have four ninths. */
  private static final int HEAP_SHARE = 4;

  private final boolean wantsIds;
  private final TargetTable.Probe probe;
  private final Rests rests;
  private final TableKeys tableKeys;
  private volatile Way way;

  /** Null when each chunk asks. */
  private volatile KnownKeys known;

  private Existence(
      Database database, TargetTable table, Facts facts, Way way, long budget, Rests rests) {
    this.way = way;
    this.wantsIds = facts.wantsIds();
    this.rests = rests;
    this.probe = facts.isResumed() ? TargetTable.Probe.AGAIN : TargetTable.Probe.FIRST;
    this.known = way == Way.PROBE ? null : new KnownKeys(facts.lanes(), budget);
    // To read a key costs a quarter of a probe, so more than there are records do not pay; nor do
    // more than there is room for.
    long mostKeys = Math.min(facts.mostRecords(), KeySet.room(budget));
    this.tableKeys =
        way == Way.KNOWN_KEYS
            ? new TableKeys(database, table, known, mostKeys, facts, rests)
            : null;
  }

  /**
   * Looks whether the table is empty, and decides.
   *
   * @param database where the table is
   * @param table what is loaded
   * @param facts of the run
   * @param rests behind each piece of what is read and looked up
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
    try (Connection connection = database.begin(TableKeys.WHO);
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
  void prepare(Rows rows) throws SQLException {
    if (way == Way.KNOWN_KEYS && !tableKeys.read(rows)) {
      way = Way.PROBE;
      known = null;
    }
  }

  /**
   * What is known of a chunk's rows before it is loaded. A new one counts as the run's own from now
   * on; {@link #correct} when it does not get in.
   *
   * @param answers takes for each row what is so; of several with one key only the first can be new
   */
  void take(int lane, Rows rows, KeySet.Answer[] answers) {
    KnownKeys all = known;
    if (all == null) {
      Arrays.fill(answers, KeySet.Answer.ASK);
      return;
    }
    all.take(lane, rows, answers, rests);
    for (int i = 0; wantsIds && i < answers.length; i++) {
      answers[i] = answers[i] == KeySet.Answer.NEW ? KeySet.Answer.NEW : KeySet.Answer.ASK;
    }
  }

  /** Whether it is known of all rows that they were there before the run, and no more is wanted. */
  boolean areThere(int lane, Rows rows) {
    KnownKeys all = known;
    return all != null && !wantsIds && all.areThere(lane, rows);
  }

  /** Somebody else's row has its key, or the database has refused it: the table knows. */
  void correct(int lane, Rows rows, int place) {
    KnownKeys all = known;
    if (all != null && rows.keyed(place)) {
      all.set(lane, rows, place, KeySet.Answer.ASK);
    }
  }
}
