package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;

/**
 * One chunk on its way: transaction after transaction, each with one pass through the keys and the
 * ledger's mark, until every record has its outcome. For one thread and one use.
 */
abstract sealed class Loading permits Inserting, Changing {
  /**
   * How often a key may be neither there nor insertable. A race needs two rounds; more of them need
   * a key that comes and goes, or a trigger that keeps the row out without a word.
   */
  private static final int MAX_ROUNDS = 20;

  /**
   * After a race, how many chunks of the lane do without COPY: who has raced once is still there.
   */
  private static final int WARY_CHUNKS = 4;

  /**
   * A transaction whose COMMIT is on its way, and what is so if it gets there.
   *
   * @param number the transaction's; 0 when it wrote nothing
   * @param outcomes by place, those that it settles and those that were before
   * @param open the places that are left for the next one
   * @param marksChunk whether it marks the whole chunk as in
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sent(long number, Outcome[] outcomes, int[] open, boolean marksChunk) {}

  final ChunkLoader loader;
  final TargetTable table;
  final Chunk chunk;
  final Rows rows;

  /** What is known of the rows' keys when the chunk comes up. */
  final Answers answers;

  /** The chunk's transactions, as xmin shows them. */
  final Set<Long> mine = new HashSet<>();

  private final String who;
  private final long lastRecord;

  /** Places of rows that were refused once, and looked for again. */
  private final BitSet lookedAgain = new BitSet();

  private Outcome[] outcomes;
  private Sent sent;
  private int sentRows;
  private boolean marked;

  /** The outcomes that the ledger has, by place. */
  private Outcome[] told;

  Loading(ChunkLoader loader, Chunk chunk, Answers answers) {
    this.loader = loader;
    this.table = loader.table;
    this.chunk = chunk;
    this.answers = answers;
    this.who = loader.who(chunk.lane());
    this.rows = chunk.rows();
    this.lastRecord = rows.number(rows.size() - 1);
    this.outcomes = new Outcome[rows.size()];
  }

  /** Gives those their outcome of which enough is known beforehand. */
  abstract void settleKnown(Outcome[] known);

  /** Those that stand for all others with their keys, in the order in which they are sent. */
  abstract int[] lead(int[] open);

  /**
   * Gives repeats their outcome where that of the record that stands for them answers; the others
   * have their turn next.
   */
  abstract void settleRepeats(Outcome[] known);

  /** Takes its repeats from a record that stands for them; false where it has none. */
  abstract boolean separate(int place);

  /**
   * Reads, and then writes in at most one pass through the keys. What it leaves without an outcome
   * is tried again in the next transaction.
   *
   * @param some the places of those that it is about
   * @param untried whether nothing of these can be in from an earlier attempt
   * @param quick whether new rows may go in by COPY
   * @param known takes the outcomes, by place
   * @return whether anything was written
   */
  abstract boolean write(
      Connection connection, int[] some, boolean untried, boolean quick, Outcome[] known)
      throws SQLException;

  /** Why a record is refused that could not be settled, behind the number of tries. */
  abstract String unsettled();

  List<Outcome> load() {
    settleBefore();
    settleKnown(outcomes);
    int[] all = Places.all(rows.size());
    int[] open = open(all, outcomes);
    while (open.length > 0) {
      settle(lead(open), true);
      settleRepeats(outcomes);
      open = open(all, outcomes);
    }
    if (!marked) {
      markSeparately();
    }
    for (int place : all) {
      if (answers.of(place) == KeySet.Answer.NEW
          && outcomes[place].kind() != Outcome.Kind.INSERTED) {
        loader.existence.correct(chunk.lane(), rows, place);
      }
    }
    return Arrays.asList(outcomes);
  }

  /** An earlier attempt at the chunk may have been cut off between two transactions. */
  private void settleBefore() {
    if (!loader.run.settled().isEmpty()) {
      Arrays.setAll(outcomes, place -> loader.run.settled(rows.get(place)));
    }
    told = outcomes.clone();
  }

  private static int[] open(int[] some, Outcome[] known) {
    return Places.where(some, place -> known[place] == null);
  }

  /**
   * Transaction after transaction, until each of them has its outcome.
   *
   * @param untried whether nothing of these can be in from an earlier attempt
   */
  private void settle(int[] some, boolean untried) {
    int[] open = some;
    for (int round = 0; open.length > 0; round++) {
      if (round == MAX_ROUNDS) {
        for (int place : open) {
          outcomes[place] = Outcome.rejected(unsettled().formatted(MAX_ROUNDS, table.name()));
        }
        return;
      }
      if (round > 2) {
        loader.retries.pause(Duration.ofMillis(10L * round));
      }
      open = attempt(open, untried && round == 0);
    }
  }

  /** One transaction, tried again while that may help; what is left open comes back. */
  private int[] attempt(int[] some, boolean untried) {
    boolean quick = untried && mayCopy();
    try {
      // A single row can't be split: whatever cancelled its statement may have passed.
      return loader.retries.run(
          who,
          some.length == 1 ? Retries.Worth.CANCELLED : Retries.Worth.TRANSIENT,
          again -> transaction(some, untried && again == 0, quick && again == 0));
    } catch (SQLException e) {
      Fault fault = Fault.of(e);
      if (quick && isTaken(e)) {
        loader.wary.put(chunk.lane(), WARY_CHUNKS);
        return some; // somebody was quicker with a key: look for all of them, and insert
      }
      if (some.length > 1 && (fault == Fault.DATA || fault == Fault.TIMEOUT)) {
        // Each half in transactions of its own, the first one's committed before the second one's
        // begin.
        settle(Arrays.copyOf(some, some.length / 2), false);
        settle(Arrays.copyOfRange(some, some.length / 2, some.length), false);
        return Places.NONE;
      }
      if (fault == Fault.DATA) {
        return refused(some[0], e);
      }
      throw new LoadException(who + ": " + Messages.of(e), e);
    }
  }

  private boolean mayCopy() {
    int chunks = loader.wary.getOrDefault(chunk.lane(), 0);
    if (chunks > 0) {
      loader.wary.put(chunk.lane(), chunks - 1);
    }
    return chunks == 0 && table.takesCopy();
  }

  private static boolean isTaken(SQLException e) {
    return "23505".equals(e.getSQLState());
  }

  /**
   * A row that the database refuses is a reject, unless what it collides with turns out to be its
   * own kind, or a repeat of it may be what is refused.
   */
  private int[] refused(int place, SQLException e) {
    if (separate(place)) {
      return new int[] {place};
    }
    if (isTaken(e) && !lookedAgain.get(place)) {
      lookedAgain.set(place);
      return new int[] {place};
    }
    outcomes[place] = Outcome.rejected(Messages.of(e));
    return Places.NONE;
  }

  private int[] transaction(int[] some, boolean untried, boolean quick) throws SQLException {
    sentRows = 0;
    try (Connection connection = loader.database.begin(who)) {
      if (isIn(connection)) {
        return accept();
      }
      Outcome[] known = outcomes.clone();
      boolean wrote = write(connection, some, untried, quick, known);
      sent = mark(connection, known, some, wrote);
      connection.commit();
      return accept();
    } catch (SQLException e) {
      loader.rolledBackRows.add(sentRows);
      throw e;
    }
  }

  /** Asks the table; no lock is taken. What has no outcome by that comes back. */
  final int[] find(Connection connection, int[] asked, TargetTable.Probe probe, Outcome[] known)
      throws SQLException {
    for (int[] piece : Places.pieces(asked, loader.piece)) {
      List<Row> some = rows.get(piece);
      TargetTable.Found[] found = table.probe(connection, some, probe);
      for (int i = 0; i < found.length; i++) {
        if (found[i] != null) {
          known[piece[i]] = loader.own.outcome(some.get(i), found[i], mine);
        }
      }
    }
    return open(asked, known);
  }

  /**
   * Inserts rows, and tells the workers of them.
   *
   * @param some the chunk's, or what has become of them
   * @param places in lock order, no key twice; at least one
   * @return those of the places whose rows are in because of this transaction
   */
  final int[] insert(Connection connection, Rows some, int[] places, boolean quick)
      throws SQLException {
    sentRows = places.length;
    int[] in = isCopied(connection, some, places, quick) ? places : null;
    if (in == null) {
      in = Places.NONE;
      // One pass through the keys, whatever the number of statements: each begins behind the keys
      // of the one before.
      for (int[] piece : Places.pieces(places, loader.piece)) {
        in = Places.joined(in, table.insert(connection, some, piece));
      }
    }
    table.announce(connection, some, in);
    return in;
  }

  private boolean isCopied(Connection connection, Rows some, int[] places, boolean quick)
      throws SQLException {
    long count = quick ? table.copy(connection, some, places, ids(some, places)) : -1;
    if (count >= 0 && count < places.length) {
      // A trigger that was not there at the start: which rows it kept out, COPY does not say.
      throw new SQLException("COPY took " + count + " of " + places.length + " rows", "23505");
    }
    return count == places.length;
  }

  /**
   * Ids that grow in the order in which rows are sent, where nobody needs to know them: the primary
   * key then grows at its end, which spares the server a sixth of its work.
   */
  private IntFunction<UUID> ids(Rows some, int[] places) {
    if (table.idsGiven()) {
      return i -> some.get(places[i]).id();
    }
    if (loader.existence.wantsIds() || table.idsOrderWork()) {
      return i -> loader.run.ids().id(some.number(places[i]));
    }
    long first = loader.copied.getAndAdd(places.length);
    return i -> loader.run.ids().id(some.number(places[i]), first + i);
  }

  /** Says in the transaction what it does, and that the chunk is in where nothing is left open. */
  private Sent mark(Connection connection, Outcome[] known, int[] some, boolean wrote)
      throws SQLException {
    int[] open = open(some, known);
    settleRepeats(known);
    List<Outcome> all = Arrays.asList(known);
    boolean marksChunk = !all.contains(null);
    long number = 0;
    if (marksChunk) {
      number = loader.run.marks().complete(connection, chunk.lane(), lastRecord, all);
    } else if (wrote) {
      number = loader.run.marks().partly(connection, chunk.lane(), lastRecord, untold(known));
    }
    loader.own.remember(number, mine);
    return new Sent(number, known, open, marksChunk);
  }

  /** By the records' numbers. */
  private Map<Long, Outcome> untold(Outcome[] known) {
    Map<Long, Outcome> untold = new HashMap<>();
    for (int place = 0; place < known.length; place++) {
      if (known[place] != null && told[place] == null) {
        untold.put(rows.number(place), known[place]);
      }
    }
    return untold;
  }

  /**
   * Whether an earlier attempt's transaction is in, whose COMMIT was not answered. Where nobody can
   * say, the next probe finds its rows by their ids.
   */
  private boolean isIn(Connection connection) throws SQLException {
    if (sent == null) {
      return false;
    }
    boolean in =
        sent.number() != 0 && loader.run.marks().isIn(connection, chunk.lane(), sent.number());
    sent = in ? sent : null;
    return in;
  }

  private int[] accept() {
    outcomes = sent.outcomes().clone();
    marked = sent.marksChunk();
    if (sent.number() != 0) {
      told = sent.outcomes();
    }
    int[] open = sent.open();
    sent = null;
    return open;
  }

  /** The chunk's last word was a reject: its mark takes a transaction that writes no row. */
  private void markSeparately() {
    try {
      loader.retries.run(
          who,
          Retries.Worth.CANCELLED,
          again -> {
            try (Connection connection = loader.database.begin(who)) {
              if (!isIn(connection)) {
                sent = mark(connection, outcomes.clone(), Places.NONE, false);
                connection.commit();
              }
              return accept();
            }
          });
    } catch (SQLException e) {
      throw new LoadException(who + ": " + Messages.of(e), e);
    }
  }
}
