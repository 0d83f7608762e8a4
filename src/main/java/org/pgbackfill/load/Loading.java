package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.target.Row;

/**
 * One chunk on its way: transaction after transaction, each with one write statement and the
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
   * @param open what is left for the next one
   * @param marksChunk whether it marks the whole chunk as in
   */
  private record Sent(long number, List<Outcome> outcomes, List<Slot> open, boolean marksChunk) {}

  final ChunkLoader loader;
  final TargetTable table;
  final Chunk chunk;
  final List<Slot> slots;

  /** The chunk's transactions, as xmin shows them. */
  final Set<Long> mine = new HashSet<>();

  private final String who;
  private final long lastRecord;
  private Outcome[] outcomes;
  private Sent sent;
  private int sentRows;
  private boolean marked;

  /** The outcomes that the ledger has, by place. */
  private List<Outcome> told;

  Loading(ChunkLoader loader, Chunk chunk) {
    this.loader = loader;
    this.table = loader.table;
    this.chunk = chunk;
    this.who = "pgbackfill " + loader.run.name() + " lane-" + chunk.lane();
    this.lastRecord = chunk.rows().get(chunk.rows().size() - 1).record().number();
    this.slots = new ArrayList<>(chunk.rows().size());
    for (Row row : chunk.rows()) {
      slots.add(new Slot(slots.size(), row));
    }
    this.outcomes = new Outcome[slots.size()];
  }

  /** Gives those their outcome of which enough is known beforehand. */
  abstract void settleKnown(Outcome[] known);

  /** Those that stand for all others with their keys, in the order in which they are sent. */
  abstract List<Slot> lead(List<Slot> open);

  /**
   * Gives repeats their outcome where that of the record that stands for them answers; the others
   * have their turn next.
   */
  abstract void settleRepeats(Outcome[] known);

  /**
   * Reads, and then runs at most one statement that writes. What it leaves without an outcome is
   * tried again in the next transaction.
   *
   * @param untried whether nothing of these can be in from an earlier attempt
   * @param quick whether new rows may go in by COPY
   * @param known takes the outcomes, by place
   * @return the rows that are new; null when nothing was written at all
   */
  abstract List<Row> write(
      Connection connection, List<Slot> some, boolean untried, boolean quick, Outcome[] known)
      throws SQLException;

  /** Why a record is refused that could not be settled, behind the number of tries. */
  abstract String unsettled();

  List<Outcome> load() {
    loader.retries.untilThrough(
        who,
        () -> loader.existence.prepare(chunk.rows()),
        e -> new LoadException(who + ": " + Messages.of(e), e));
    KeySet.Answer[] answers = loader.existence.take(chunk.lane(), chunk.rows());
    slots.forEach(slot -> slot.answer = answers[slot.place]);
    settleBefore();
    settleKnown(outcomes);
    List<Slot> open = open(slots, outcomes);
    while (!open.isEmpty()) {
      settle(lead(open), true);
      settleRepeats(outcomes);
      open = open(slots, outcomes);
    }
    if (!marked) {
      markSeparately();
    }
    for (Slot slot : slots) {
      if (slot.answer == KeySet.Answer.NEW
          && outcomes[slot.place].kind() != Outcome.Kind.INSERTED) {
        loader.existence.correct(chunk.lane(), slot.row);
      }
    }
    return Arrays.asList(outcomes);
  }

  /** An earlier attempt at the chunk may have been cut off between two transactions. */
  private void settleBefore() {
    if (!loader.run.settled().isEmpty()) {
      slots.forEach(slot -> outcomes[slot.place] = loader.run.settled(slot.row));
    }
    told = Arrays.asList(outcomes.clone());
  }

  private static List<Slot> open(List<Slot> some, Outcome[] known) {
    List<Slot> open = new ArrayList<>(some.size());
    for (Slot slot : some) {
      if (known[slot.place] == null) {
        open.add(slot);
      }
    }
    return open;
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
        loader.retries.pause(Duration.ofMillis(10L * round));
      }
      open = attempt(open, untried && round == 0);
    }
  }

  private void rejectUnsettled(Slot slot) {
    outcomes[slot.place] = Outcome.rejected(unsettled().formatted(MAX_ROUNDS, table.name()));
  }

  /** One transaction, tried again while that may help; what is left open comes back. */
  private List<Slot> attempt(List<Slot> some, boolean untried) {
    boolean quick = untried && mayCopy();
    try {
      // A single row can't be split: whatever cancelled its statement may have passed.
      return loader.retries.run(
          who,
          some.size() == 1 ? Retries.Worth.CANCELLED : Retries.Worth.TRANSIENT,
          again -> transaction(some, untried && again == 0, quick && again == 0));
    } catch (SQLException e) {
      Fault fault = Fault.of(e);
      if (quick && isTaken(e)) {
        loader.wary.put(chunk.lane(), WARY_CHUNKS);
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
  private List<Slot> refused(Slot slot, SQLException e) {
    if (!slot.followers.isEmpty()) {
      slot.followers = List.of();
      return List.of(slot);
    }
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
    try (Connection connection = loader.database.begin(who)) {
      if (isIn(connection)) {
        return accept();
      }
      Outcome[] known = outcomes.clone();
      List<Row> inserted = write(connection, some, untried, quick, known);
      sent = mark(connection, known, some, inserted != null);
      table.announce(connection, inserted == null ? List.of() : inserted);
      connection.commit();
      return accept();
    } catch (SQLException e) {
      loader.rolledBackRows.add(sentRows);
      throw e;
    }
  }

  /** Asks the table; no lock is taken. */
  final List<Slot> find(
      Connection connection, List<Slot> asked, TargetTable.Probe probe, Outcome[] known)
      throws SQLException {
    List<Slot> fresh = new ArrayList<>(asked.size());
    if (asked.isEmpty()) {
      return fresh;
    }
    TargetTable.Found[] found = table.probe(connection, Slot.rows(asked), probe);
    for (int i = 0; i < found.length; i++) {
      Slot slot = asked.get(i);
      if (found[i] == null) {
        fresh.add(slot);
      } else {
        known[slot.place] = loader.own.outcome(slot.row, found[i], mine);
      }
    }
    return fresh;
  }

  /**
   * Inserts rows.
   *
   * @param rows in lock order, no key twice; at least one
   * @return which of them are in because of this transaction
   */
  final Predicate<Row> insert(Connection connection, List<Row> rows, boolean quick)
      throws SQLException {
    sentRows = rows.size();
    if (quick) {
      long count = table.copy(connection, rows, ids(rows));
      if (count == rows.size()) {
        return row -> true;
      }
      if (count >= 0) {
        // A trigger that was not there at the start: which rows it kept out, COPY does not say.
        throw new SQLException("COPY took " + count + " of " + rows.size() + " rows", "23505");
      }
    }
    Set<UUID> ids = table.insert(connection, rows);
    return row -> ids.contains(row.id());
  }

  /**
   * Ids that grow in the order in which rows are sent, where nobody needs to know them: the primary
   * key then grows at its end, which spares the server a sixth of its work.
   */
  private IntFunction<UUID> ids(List<Row> rows) {
    if (loader.existence.wantsIds() || table.idsGiven() || table.idsOrderWork()) {
      return i -> rows.get(i).id();
    }
    long first = loader.copied.getAndAdd(rows.size());
    return i -> loader.run.ids().id(rows.get(i).record().number(), first + i);
  }

  /** Says in the transaction what it does, and that the chunk is in where nothing is left open. */
  private Sent mark(Connection connection, Outcome[] known, List<Slot> some, boolean wrote)
      throws SQLException {
    List<Slot> open = open(some, known);
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
    return new Sent(number, all, open, marksChunk);
  }

  /** By the records' numbers. */
  private Map<Long, Outcome> untold(Outcome[] known) {
    Map<Long, Outcome> untold = new HashMap<>();
    for (Slot slot : slots) {
      if (known[slot.place] != null && told.get(slot.place) == null) {
        untold.put(slot.row.record().number(), known[slot.place]);
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

  private List<Slot> accept() {
    outcomes = sent.outcomes().toArray(Outcome[]::new);
    marked = sent.marksChunk();
    if (sent.number() != 0) {
      told = sent.outcomes();
    }
    List<Slot> open = sent.open();
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
}
