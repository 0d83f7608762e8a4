package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.TargetTable.Found;
import org.pgbackfill.target.Row;

/**
 * Loads chunks without ever waiting in a circle. Safe between threads: each lane calls it for its
 * own chunks.
 *
 * <ol>
 *   <li>Of records with the same key the first stands for the others.
 *   <li>These are sorted by the one lock order, whole key.
 *   <li>What exists is known ({@link Existence}) or found by a plain read, which takes no lock.
 *   <li>In one transaction one statement inserts the rest in lock order. It may wait for another
 *       transaction's uncommitted key, and holds only smaller keys meanwhile: no circle can close.
 *       The first attempt is a COPY, which is refused as a whole when somebody was quicker with one
 *       of the keys; then the same rows are looked for and inserted ON CONFLICT DO NOTHING.
 *   <li>What was neither found nor inserted has been raced, and goes into the next transaction, not
 *       into a second pass of this one: a second pass would hold larger keys and ask for smaller
 *       ones.
 *   <li>A row that the database refuses is found by halving, each half in a transaction of its own.
 * </ol>
 */
public final class ChunkLoader {
  /**
   * How often a key may be neither there nor insertable. A race needs two rounds; more of them need
   * a key that comes and goes, or a trigger that keeps the row out without a word.
   */
  private static final int MAX_ROUNDS = 20;

  /** Enough for the places of a chunk's records, a million at most. */
  private static final long PLACE_BITS = (1 << 20) - 1;

  /** xmin has the low 32 bits of a transaction's number. */
  private static final long XMIN = 0xFFFFFFFFL;

  /**
   * After a race, how many chunks of the lane do without COPY: who has raced once is still there.
   */
  private static final int WARY_CHUNKS = 4;

  private final Database database;
  private final TargetTable table;
  private final Existence existence;
  private final LoadedRun run;
  private final Retries retries;
  private final Comparator<Row> order;
  private final ToLongFunction<Row> prefix;

  /** The run's transactions as xmin shows them, with the last record of their chunk. */
  private final Map<Long, Long> transactions = new ConcurrentHashMap<>();

  /**
   * Given ids of rows that are in from chunks that the run did not finish before it was resumed,
   * with the record that wrote each; no more than these chunks had.
   */
  private final Map<UUID, Long> claims = new ConcurrentHashMap<>();

  /** Rows that were sent in transactions that did not come in. */
  private final LongAdder rolledBackRows = new LongAdder();

  /** How many chunks each lane still loads without COPY. */
  private final Map<Integer, Integer> wary = new ConcurrentHashMap<>();

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
        table.target().lockOrder(),
        table.target()::lockPrefix);
  }

  /** With another order, so that tests can show what the right one is for. */
  ChunkLoader(
      Database database,
      TargetTable table,
      Existence existence,
      LoadedRun run,
      Retries retries,
      Comparator<Row> order,
      ToLongFunction<Row> prefix) {
    this.database = database;
    this.table = table;
    this.existence = existence;
    this.run = run;
    this.retries = retries;
    this.order = order;
    this.prefix = prefix;
    run.before().forEach((transaction, record) -> transactions.put(transaction & XMIN, record));
  }

  /**
   * Loads one chunk, and returns when every record has its outcome and every transaction its end.
   *
   * @param chunk no key of it is in another chunk that is loading meanwhile in this run
   * @return the outcomes, in the order of the chunk's rows
   * @throws LoadException when the load can't go on; what was committed stays
   */
  public List<Outcome> load(Chunk chunk) {
    return new Loading(chunk).load();
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

  /** One record of a chunk. Its place tells its outcome. */
  private static final class Slot {
    private final int place;
    private final Row row;
    private final long prefix;

    /** Whose outcome answers for it; null where it stands for itself. */
    private Slot leader;

    private boolean taken;
    private boolean lookedAgain;

    Slot(int place, Row row, long prefix) {
      this.place = place;
      this.row = row;
      this.prefix = prefix;
    }
  }

  /**
   * A transaction whose COMMIT is on its way, and what is so if it gets there.
   *
   * @param number the transaction's; 0 when it wrote nothing
   * @param outcomes by place, those that it settles and those that were before
   * @param open what somebody raced
   * @param marksChunk whether it marks the whole chunk as in
   */
  private record Sent(long number, List<Outcome> outcomes, List<Slot> open, boolean marksChunk) {}

  /** One chunk on its way. */
  private final class Loading {
    private final Chunk chunk;
    private final String who;
    private final long lastRecord;
    private final List<Slot> slots = new ArrayList<>();
    private final Set<Long> mine = new HashSet<>();
    private Outcome[] outcomes;
    private Sent sent;
    private int sentRows;
    private boolean marked;

    Loading(Chunk chunk) {
      this.chunk = chunk;
      this.who = "pgbackfill " + run.name() + " lane-" + chunk.lane();
      this.lastRecord = chunk.rows().get(chunk.rows().size() - 1).record().number();
      for (Row row : chunk.rows()) {
        slots.add(new Slot(slots.size(), row, prefix.applyAsLong(row)));
      }
      this.outcomes = new Outcome[slots.size()];
    }

    List<Outcome> load() {
      retries.untilThrough(
          who,
          () -> existence.prepare(chunk.rows()),
          e -> new LoadException(who + ": " + Messages.of(e), e));
      List<Slot> open = slots;
      while (!open.isEmpty()) {
        settle(lead(sorted(open)), true);
        settleRepeats(outcomes);
        open = slots.stream().filter(slot -> outcomes[slot.place] == null).toList();
      }
      if (!marked) {
        markSeparately();
      }
      for (Slot slot : slots) {
        if (slot.taken && outcomes[slot.place].kind() != Outcome.Kind.INSERTED) {
          existence.correct(chunk.lane(), slot.row);
        }
      }
      return Arrays.asList(outcomes);
    }

    /** In lock order, and in input order where that has no opinion. */
    private List<Slot> sorted(List<Slot> some) {
      // Most places are settled by the first bits, which sort as plain numbers.
      long[] keys = new long[some.size()];
      for (int i = 0; i < keys.length; i++) {
        keys[i] = ((some.get(i).prefix ^ Long.MIN_VALUE) & ~PLACE_BITS) | i;
      }
      Arrays.sort(keys);
      List<Slot> sorted = new ArrayList<>(keys.length);
      for (int from = 0, i = 0; i < keys.length; i++) {
        sorted.add(some.get((int) (keys[i] & PLACE_BITS)));
        boolean ends = i + 1 == keys.length || ((keys[i] ^ keys[i + 1]) & ~PLACE_BITS) != 0;
        if (ends && i > from) {
          sorted.subList(from, i + 1).sort((a, b) -> order.compare(a.row, b.row));
        }
        from = ends ? i + 1 : from;
      }
      return sorted;
    }

    /**
     * Of records that are the same, the first stands for the others, which wait for its outcome.
     */
    private List<Slot> lead(List<Slot> sorted) {
      return table.idsGiven() ? leadByIdentities(sorted) : leadByKey(sorted);
    }

    /** Those with one key are neighbours. */
    private static List<Slot> leadByKey(List<Slot> sorted) {
      List<Slot> leaders = new ArrayList<>(sorted.size());
      Slot leader = null;
      for (Slot slot : sorted) {
        if (leader != null && leader.row.hasSameKey(slot.row)) {
          slot.leader = leader;
        } else {
          slot.leader = null;
          leaders.add(slot);
          leader = slot.row.keyed() ? slot : leader;
        }
      }
      return leaders;
    }

    /** With ids from outside, two may be one by their id as well. */
    private static List<Slot> leadByIdentities(List<Slot> sorted) {
      Map<Object, Slot> byIdentity = new HashMap<>(2 * sorted.size());
      sorted.stream()
          .sorted(Comparator.comparingInt(slot -> slot.place))
          .forEach(slot -> lead(slot, byIdentity));
      return sorted.stream().filter(slot -> slot.leader == null).toList();
    }

    private static void lead(Slot slot, Map<Object, Slot> byIdentity) {
      slot.leader = null;
      List<Object> identities = slot.row.identities();
      for (Object identity : identities) {
        slot.leader = slot.leader == null ? byIdentity.get(identity) : slot.leader;
      }
      if (slot.leader == null) {
        identities.forEach(identity -> byIdentity.put(identity, slot));
      }
    }

    /**
     * Gives repeats their outcome where the first record's answers for them; the others have their
     * turn next.
     */
    private void settleRepeats(Outcome[] known) {
      for (Slot slot : slots) {
        Outcome outcome = slot.leader == null ? null : known[slot.leader.place];
        if (outcome == null || known[slot.place] != null) {
          continue;
        }
        if (outcome.kind() == Outcome.Kind.INSERTED) {
          known[slot.place] =
              Outcome.duplicate(outcome.id(), placeOf(slot.leader.row.record().number()));
        } else if (answers(outcome, slot.leader.row, slot.row)) {
          known[slot.place] = outcome;
        }
      }
    }

    /**
     * Whether the row that was found for a record is the one for its repeat, too. A job that was
     * found by its own id may be a finished one, and then its key is free.
     */
    private static boolean answers(Outcome outcome, Row leader, Row row) {
      if (outcome.kind() == Outcome.Kind.REJECTED) {
        return false;
      }
      boolean foundByKey = leader.link() != null || !outcome.id().equals(leader.id());
      boolean sameKey = row.identity().equals(leader.identity());
      return row.id().equals(outcome.id()) || (foundByKey && sameKey);
    }

    /**
     * Transaction after transaction, until each slot has its outcome.
     *
     * @param untried whether nothing of these can be in from an earlier attempt
     */
    private void settle(List<Slot> some, boolean untried) {
      List<Slot> open = some;
      for (int round = 0; !open.isEmpty(); round++) {
        if (round == MAX_ROUNDS) {
          open.forEach(this::rejectUnsettled);
          return;
        }
        if (round > 2) {
          retries.pause(Duration.ofMillis(10L * round));
        }
        open = attempt(open, untried && round == 0);
      }
    }

    private void rejectUnsettled(Slot slot) {
      outcomes[slot.place] =
          Outcome.rejected(
              "neither inserted nor found in "
                  + MAX_ROUNDS
                  + " tries: a trigger, a rule or row-level security of "
                  + table.name()
                  + " keeps it out");
    }

    /** One transaction, tried again while that may help; what is left open comes back. */
    private List<Slot> attempt(List<Slot> some, boolean untried) {
      boolean quick = untried && mayCopy();
      try {
        // A single row can't be split: whatever cancelled its statement may have passed.
        return retries.run(
            who,
            some.size() == 1 ? Retries.Worth.CANCELLED : Retries.Worth.TRANSIENT,
            again -> transaction(some, untried && again == 0, quick && again == 0));
      } catch (SQLException e) {
        Fault fault = Fault.of(e);
        if (quick && isTaken(e)) {
          wary.put(chunk.lane(), WARY_CHUNKS);
          return some; // somebody was quicker with a key: look for all of them, and insert
        }
        if (some.size() > 1 && (fault == Fault.DATA || fault == Fault.TIMEOUT)) {
          // Each half in transactions of its own, the first one's committed before the second one's
          // begin.
          settle(some.subList(0, some.size() / 2), false);
          settle(some.subList(some.size() / 2, some.size()), false);
          return List.of();
        }
        if (fault == Fault.DATA) {
          return refused(some.get(0), e);
        }
        throw new LoadException(who + ": " + Messages.of(e), e);
      }
    }

    private boolean mayCopy() {
      int chunks = wary.getOrDefault(chunk.lane(), 0);
      if (chunks > 0) {
        wary.put(chunk.lane(), chunks - 1);
      }
      return chunks == 0 && table.takesCopy();
    }

    private static boolean isTaken(SQLException e) {
      return "23505".equals(e.getSQLState());
    }

    /**
     * A row that the database refuses is a reject, unless what it collides with turns out to be its
     * own kind.
     */
    private List<Slot> refused(Slot slot, SQLException e) {
      if (isTaken(e) && !slot.lookedAgain) {
        slot.lookedAgain = true;
        return List.of(slot);
      }
      outcomes[slot.place] = Outcome.rejected(Messages.of(e));
      return List.of();
    }

    private List<Slot> transaction(List<Slot> some, boolean untried, boolean quick)
        throws SQLException {
      sentRows = 0;
      try (Connection connection = database.begin(who)) {
        if (isIn(connection)) {
          return accept();
        }
        Outcome[] known = outcomes.clone();
        List<Slot> fresh =
            untried
                ? findUnlessKnown(connection, some, known)
                : find(connection, some, TargetTable.Probe.AGAIN, known);
        List<Row> inserted = insert(connection, fresh, quick, known);
        sent = mark(connection, known, fresh, !inserted.isEmpty());
        table.announce(connection, inserted);
        connection.commit();
        return accept();
      } catch (SQLException e) {
        rolledBackRows.add(sentRows);
        throw e;
      }
    }

    /** What is not there, in lock order; what is there gets its outcome. */
    private List<Slot> findUnlessKnown(Connection connection, List<Slot> some, Outcome[] known)
        throws SQLException {
      List<Slot> asked = new ArrayList<>();
      List<Slot> fresh = new ArrayList<>(some.size());
      for (Slot slot : some) {
        switch (existence.take(chunk.lane(), slot.row)) {
          case NEW -> {
            slot.taken = true;
            fresh.add(slot);
          }
          case THERE -> known[slot.place] = Outcome.existing(Outcome.UNKNOWN_ID);
          case OURS -> known[slot.place] = Outcome.duplicate(Outcome.UNKNOWN_ID, null);
          case ASK -> asked.add(slot);
        }
      }
      List<Slot> notFound = find(connection, asked, existence.probe(), known);
      if (fresh.isEmpty() || notFound.isEmpty()) {
        return fresh.isEmpty() ? notFound : fresh;
      }
      fresh.addAll(notFound);
      return sorted(fresh);
    }

    private List<Slot> find(
        Connection connection, List<Slot> asked, TargetTable.Probe probe, Outcome[] known)
        throws SQLException {
      List<Slot> fresh = new ArrayList<>();
      if (asked.isEmpty()) {
        return fresh;
      }
      Found[] found = table.probe(connection, rows(asked), probe);
      for (int i = 0; i < found.length; i++) {
        Slot slot = asked.get(i);
        if (found[i] == null) {
          fresh.add(slot);
        } else {
          known[slot.place] = outcome(slot.row, found[i]);
        }
      }
      return fresh;
    }

    private static List<Row> rows(List<Slot> some) {
      List<Row> rows = new ArrayList<>(some.size());
      some.forEach(slot -> rows.add(slot.row));
      return rows;
    }

    /** Gives those their outcome that are in now because of this transaction. */
    private List<Row> insert(
        Connection connection, List<Slot> fresh, boolean quick, Outcome[] known)
        throws SQLException {
      List<Row> rows = rows(fresh);
      if (rows.isEmpty()) {
        return rows;
      }
      sentRows = rows.size();
      if (quick) {
        long copied = table.copy(connection, rows);
        if (copied == rows.size()) {
          fresh.forEach(slot -> known[slot.place] = Outcome.inserted(slot.row.id()));
          return rows;
        }
        if (copied >= 0) {
          // A trigger that was not there at the start: which rows it kept out, COPY does not say.
          throw new SQLException("COPY took " + copied + " of " + rows.size() + " rows", "23505");
        }
      }
      Set<UUID> ids = table.insert(connection, rows);
      List<Row> inserted = new ArrayList<>();
      for (Slot slot : fresh) {
        if (ids.contains(slot.row.id())) {
          known[slot.place] = Outcome.inserted(slot.row.id());
          inserted.add(slot.row);
        }
      }
      return inserted;
    }

    /**
     * Says in the transaction what it does, and that the chunk is in where nothing is left open.
     */
    private Sent mark(Connection connection, Outcome[] known, List<Slot> fresh, boolean wrote)
        throws SQLException {
      List<Slot> raced = fresh.stream().filter(slot -> known[slot.place] == null).toList();
      settleRepeats(known);
      List<Outcome> all = Arrays.asList(known);
      boolean marksChunk = !all.contains(null);
      long number = 0;
      if (marksChunk) {
        number = run.marks().complete(connection, chunk.lane(), lastRecord, all);
      } else if (wrote) {
        number = run.marks().partly(connection, chunk.lane(), lastRecord);
      }
      remember(number);
      return new Sent(number, all, raced, marksChunk);
    }

    /**
     * Before the commit: its end may never be known, and its rows must be recognised all the same.
     */
    private void remember(long number) {
      if (number != 0) {
        mine.add(number & XMIN);
        transactions.put(number & XMIN, lastRecord);
      }
    }

    /**
     * Whether an earlier attempt's transaction is in, whose COMMIT was not answered. Where nobody
     * can say, the next probe finds its rows by their ids.
     */
    private boolean isIn(Connection connection) throws SQLException {
      if (sent == null) {
        return false;
      }
      boolean in = sent.number() != 0 && run.marks().isIn(connection, chunk.lane(), sent.number());
      sent = in ? sent : null;
      return in;
    }

    private List<Slot> accept() {
      outcomes = sent.outcomes().toArray(Outcome[]::new);
      marked = sent.marksChunk();
      List<Slot> open = sent.open();
      sent = null;
      return open;
    }

    /** The chunk's last word was a reject: its mark takes a transaction that writes no row. */
    private void markSeparately() {
      try {
        retries.run(
            who,
            Retries.Worth.CANCELLED,
            again -> {
              try (Connection connection = database.begin(who)) {
                if (!isIn(connection)) {
                  sent = mark(connection, outcomes.clone(), List.of(), false);
                  connection.commit();
                }
                return accept();
              }
            });
      } catch (SQLException e) {
        throw new LoadException(who + ": " + Messages.of(e), e);
      }
    }

    /**
     * What a row that is there says of the record: this very record's, from an attempt whose end
     * was not known; an earlier record's of this run; or another's.
     */
    private Outcome outcome(Row row, Found found) {
      boolean sameId = found.id().equals(row.id());
      if (sameId && (!row.idGiven() || isOwn(row, found))) {
        return Outcome.inserted(found.id());
      }
      if (run.ids().gave(found.id())) {
        return Outcome.duplicate(found.id(), placeOf(run.ids().number(found.id())));
      }
      return transactions.containsKey(found.transaction())
          ? Outcome.duplicate(found.id(), null)
          : Outcome.existing(found.id());
    }

    /**
     * Written by this chunk; or before the run was resumed, by one that held the record and was not
     * marked as in. Then the first record that brings the id wrote it, and no other one: chunks may
     * end elsewhere now.
     */
    private boolean isOwn(Row row, Found found) {
      if (mine.contains(found.transaction())) {
        return true;
      }
      Long upTo = transactions.get(found.transaction());
      long number = row.record().number();
      return run.isResumed()
          && upTo != null
          && number <= upTo
          && claims.computeIfAbsent(found.id(), id -> number) == number;
    }

    private String placeOf(long number) {
      return "as in " + run.place().apply(number);
    }
  }
}
