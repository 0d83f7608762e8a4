package org.pgbackfill.load;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.LockOrder;
import org.pgbackfill.target.Rows;

/**
 * Loads chunks without ever waiting in a circle. Safe between threads: each lane calls it for its
 * own chunks.
 *
 * <ol>
 *   <li>What is known to exist ({@link Existence}) has its outcome at once.
 *   <li>Of other records with the same key the first stands for the others.
 *   <li>These are sorted by the one lock order, whole key.
 *   <li>What may exist is looked for by a plain read, which takes no lock.
 *   <li>One transaction inserts the rest in one pass in lock order. It may wait for another
 *       transaction's uncommitted key, and holds only smaller keys meanwhile: no circle can close.
 *       The first attempt is a COPY, which is refused as a whole when somebody was quicker with one
 *       of the keys; then the same rows are looked for and inserted ON CONFLICT DO NOTHING.
 *   <li>What was neither found nor inserted has been raced, and goes into the next transaction, not
 *       into a second pass of this one: a second pass would hold larger keys and ask for smaller
 *       ones.
 *   <li>A row that the database refuses is found by halving, each half in a transaction of its own.
 *   <li>Where rows that are there are to change, a plain read compares them ({@link RowChanges});
 *       those that differ are locked in the same order, compared again and updated, in one
 *       statement and a transaction of its own.
 * </ol>
 */
public final class ChunkLoader {
  /**
   * So many rows at a time become objects and arrays, which takes a kilobyte each: those of a whole
   * chunk could fill the heap.
   */
  private static final int PIECE = 10_000;

  /** Puts rows in an order: the places given, none of them twice. */
  interface Sort {
    int[] sorted(Rows rows, int[] places);
  }

  final Database database;
  final TargetTable table;
  final Existence existence;
  final LoadedRun run;
  final Retries retries;
  final Sort sort;
  final int piece;
  final OwnRows own;

  /** How many rows were sent by COPY. */
  final AtomicLong copied = new AtomicLong();

  /** Rows that were sent in transactions that did not come in. */
  final LongAdder rolledBackRows = new LongAdder();

  /** How many chunks each lane still loads without COPY. */
  final Map<Integer, Integer> wary = new ConcurrentHashMap<>();

  /**
   * Makes a loader for one run.
   *
   * @param database where to
   * @param table what into
   * @param existence what is known of the table
   * @param run what for
   * @param retries counts, and gives up
   */
  public ChunkLoader(
      Database database, TargetTable table, Existence existence, LoadedRun run, Retries retries) {
    this(
        database,
        table,
        existence,
        run,
        retries,
        (rows, places) -> LockOrder.sort(rows, places, table.target().lockOrder()),
        PIECE);
  }

  /**
   * With another order, so that tests can show what the right one is for.
   *
   * @param piece how many rows a statement has at most, where there may be several
   */
  ChunkLoader(
      Database database,
      TargetTable table,
      Existence existence,
      LoadedRun run,
      Retries retries,
      Sort sort,
      int piece) {
    this.database = database;
    this.table = table;
    this.existence = existence;
    this.run = run;
    this.retries = retries;
    this.sort = sort;
    this.piece = piece;
    this.own = new OwnRows(run);
  }

  /**
   * Looks up what is known of a chunk, or of a piece of what is to be one. A key that is new counts
   * as the run's own from now on: each row is looked up once, and what {@linkplain
   * Answers#settleAll is not settled by that} is loaded before the lane looks further.
   *
   * @param chunk no key of it is in another chunk that is loading meanwhile in this run
   * @return for {@link #load}
   * @throws LoadException when the load can't go on
   */
  public Answers look(Chunk chunk) {
    retries.untilThrough(
        who(chunk.lane()),
        () -> existence.prepare(chunk.rows()),
        e -> new LoadException(who(chunk.lane()) + ": " + Messages.of(e), e));
    KeySet.Answer[] answers = new KeySet.Answer[chunk.rows().size()];
    existence.take(chunk.lane(), chunk.rows(), answers);
    boolean settleAll =
        table.changes() == null
            && Arrays.stream(answers).allMatch(answer -> answer == KeySet.Answer.THERE);
    return new Answers(answers, settleAll);
  }

  /**
   * Whether it is known already that all rows of a chunk were there before the run and are left as
   * they are. Asks nobody and takes nothing: who gets no for an answer has them {@linkplain #look
   * looked up}.
   *
   * @param chunk any
   * @return false where one of them is not known
   */
  public boolean areThere(Chunk chunk) {
    return table.changes() == null && existence.areThere(chunk.lane(), chunk.rows());
  }

  /**
   * Loads one chunk, and returns when every record has its outcome and every transaction its end.
   *
   * @param chunk that was looked up
   * @param answers what is known of it
   * @return the outcomes, in the order of the chunk's rows
   * @throws LoadException when the load can't go on; what was committed stays
   */
  public List<Outcome> load(Chunk chunk, Answers answers) {
    Loading loading =
        table.changes() == null
            ? new Inserting(this, chunk, answers)
            : new Changing(this, chunk, answers);
    return loading.load();
  }

  /** As a DBA sees who loads a lane's chunks. */
  String who(int lane) {
    return "pgbackfill " + run.name() + " lane-" + lane;
  }

  /**
   * How many rows were sent in transactions that did not come in: so many dead rows at most are
   * left to vacuum.
   *
   * @return 0 and more
   */
  public long rolledBackRows() {
    return rolledBackRows.sum();
  }
}
