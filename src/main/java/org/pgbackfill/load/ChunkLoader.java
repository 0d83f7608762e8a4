package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.TargetTable.Found;
import org.pgbackfill.load.TargetTable.Probe;
import org.pgbackfill.target.Row;

/**
 * Loads chunks without ever waiting in a circle. Safe between threads: each lane calls it for its
 * own chunks.
 *
 * <ol>
 *   <li>Of records with the same key the first stands for the others.
 *   <li>These are sorted by the one lock order, whole key.
 *   <li>In one transaction: a plain read finds what exists, and takes no lock; one statement
 *       inserts the rest in lock order, ON CONFLICT DO NOTHING. It may wait for another
 *       transaction's uncommitted key, and holds only smaller keys meanwhile: no circle can close.
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

  /** xmin has the low 32 bits of a transaction's number. */
  private static final long XMIN = 0xFFFFFFFFL;

  private final Database database;
  private final TargetTable table;
  private final LoadedRun run;
  private final Retries retries;
  private final Comparator<Row> order;

  /** The run's transactions as xmin shows them, with the last record of their chunk. */
  private final Map<Long, Long> transactions = new ConcurrentHashMap<>();

  /**
   * Given ids of rows that are in from chunks that the run did not finish before it was resumed,
   * with the record that wrote each; no more than these chunks had.
   */
  private final Map<UUID, Long> claims = new ConcurrentHashMap<>();

  /**
   * Makes a loader for one run.
   *
   * @param database where to
   * @param table what into
   * @param run what for
   * @param retries counts, and gives up
   */
  public ChunkLoader(Database database, TargetTable table, LoadedRun run, Retries retries) {
    this(database, table, run, retries, table.target().lockOrder());
  }

  /** With another order, so that tests can show what the right one is for. */
  ChunkLoader(
      Database database, TargetTable table, LoadedRun run, Retries retries, Comparator<Row> order) {
    this.database = database;
    this.table = table;
    this.run = run;
    this.retries = retries;
    this.order = order;
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
   * A transaction whose COMMIT is on its way, and what is so if it gets there.
   *
   * @param number the transaction's; 0 when it wrote nothing
   * @param outcomes of the rows that it settles
   * @param open rows that somebody raced
   * @param marksChunk whether it marks the whole chunk as in
   */
  private record Sent(
      long number, Map<Row, Outcome> outcomes, List<Row> open, boolean marksChunk) {}

  /** One chunk on its way. */
  private final class Loading {
    private final Chunk chunk;
    private final String who;
    private final long lastRecord;
    private final Map<Row, Outcome> outcomes = new HashMap<>();
    private final Set<Row> lookedAgain = new HashSet<>();
    private final Set<Long> mine = new HashSet<>();
    private Map<Row, Row> repeats = Map.of();
    private Sent sent;
    private boolean marked;

    Loading(Chunk chunk) {
      this.chunk = chunk;
      this.who = "pgbackfill " + run.name() + " lane-" + chunk.lane();
      this.lastRecord = chunk.rows().get(chunk.rows().size() - 1).record().number();
    }

    List<Outcome> load() {
      List<Row> open = chunk.rows();
      while (!open.isEmpty()) {
        settle(
            lead(open).stream().sorted(order).toList(),
            run.isResumed() ? Probe.AGAIN : Probe.FIRST);
        settleRepeats(outcomes);
        open = chunk.rows().stream().filter(row -> !outcomes.containsKey(row)).toList();
      }
      if (!marked) {
        markSeparately();
      }
      return chunk.rows().stream().map(outcomes::get).toList();
    }

    /**
     * Of records that are the same, the first stands for the others, which wait for its outcome.
     */
    private List<Row> lead(List<Row> rows) {
      List<Row> leaders = new ArrayList<>();
      Map<Object, Row> byIdentity = new HashMap<>();
      repeats = new LinkedHashMap<>();
      for (Row row : rows) {
        Row leader =
            row.identities().stream()
                .map(byIdentity::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(row);
        if (leader == row) {
          leaders.add(row);
          row.identities().forEach(identity -> byIdentity.put(identity, row));
        } else {
          repeats.put(row, leader);
        }
      }
      return leaders;
    }

    /**
     * Gives repeats their outcome where the first record's answers for them; the others have their
     * turn next.
     */
    private void settleRepeats(Map<Row, Outcome> known) {
      repeats.forEach(
          (row, leader) -> {
            Outcome outcome = known.get(leader);
            if (outcome == null || known.containsKey(row)) {
              return;
            }
            if (outcome.kind() == Outcome.Kind.INSERTED) {
              known.put(row, Outcome.duplicate(outcome.id(), placeOf(leader.record().number())));
            } else if (answers(outcome, leader, row)) {
              known.put(row, outcome);
            }
          });
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

    /** Transaction after transaction, until each row has its outcome. */
    private void settle(List<Row> rows, Probe probe) {
      List<Row> open = rows;
      for (int round = 0; !open.isEmpty(); round++) {
        if (round == MAX_ROUNDS) {
          open.forEach(this::rejectUnsettled);
          return;
        }
        if (round > 2) {
          retries.pause(Duration.ofMillis(10L * round));
        }
        open = attempt(open, round == 0 ? probe : Probe.AGAIN);
      }
    }

    private void rejectUnsettled(Row row) {
      outcomes.put(
          row,
          Outcome.rejected(
              "neither inserted nor found in "
                  + MAX_ROUNDS
                  + " tries: a trigger, a rule or row-level security of "
                  + table.name()
                  + " keeps it out"));
    }

    /** One transaction, tried again while that may help; what is left open comes back. */
    private List<Row> attempt(List<Row> rows, Probe probe) {
      try {
        // A single row can't be split: whatever cancelled its statement may have passed.
        return retries.run(
            who,
            rows.size() == 1 ? Retries.Worth.CANCELLED : Retries.Worth.TRANSIENT,
            again -> transaction(rows, again == 0 ? probe : Probe.AGAIN));
      } catch (SQLException e) {
        Fault fault = Fault.of(e);
        if (rows.size() > 1 && (fault == Fault.DATA || fault == Fault.TIMEOUT)) {
          // Each half in transactions of its own, the first one's committed before the second one's
          // begin.
          settle(rows.subList(0, rows.size() / 2), Probe.AGAIN);
          settle(rows.subList(rows.size() / 2, rows.size()), Probe.AGAIN);
          return List.of();
        }
        if (fault == Fault.DATA) {
          return refused(rows.get(0), e);
        }
        throw new LoadException(who + ": " + Messages.of(e), e);
      }
    }

    /**
     * A row that the database refuses is a reject, unless what it collides with turns out to be its
     * own kind.
     */
    private List<Row> refused(Row row, SQLException e) {
      if ("23505".equals(e.getSQLState()) && lookedAgain.add(row)) {
        return List.of(row);
      }
      outcomes.put(row, Outcome.rejected(Messages.of(e)));
      return List.of();
    }

    private List<Row> transaction(List<Row> rows, Probe probe) throws SQLException {
      try (Connection connection = database.begin(who)) {
        if (isIn(connection)) {
          return accept();
        }
        Map<Row, Outcome> settled = new HashMap<>();
        List<Row> fresh = find(connection, rows, probe, settled);
        List<Row> inserted = insert(connection, fresh);
        inserted.forEach(row -> settled.put(row, Outcome.inserted(row.id())));
        sent = mark(connection, settled, fresh, !inserted.isEmpty());
        table.announce(connection, inserted);
        connection.commit();
        return accept();
      }
    }

    private List<Row> find(
        Connection connection, List<Row> rows, Probe probe, Map<Row, Outcome> settled)
        throws SQLException {
      Found[] found = table.probe(connection, rows, probe);
      List<Row> fresh = new ArrayList<>();
      for (int i = 0; i < found.length; i++) {
        if (found[i] == null) {
          fresh.add(rows.get(i));
        } else {
          settled.put(rows.get(i), outcome(rows.get(i), found[i]));
        }
      }
      return fresh;
    }

    private List<Row> insert(Connection connection, List<Row> fresh) throws SQLException {
      if (fresh.isEmpty()) {
        return List.of();
      }
      Set<UUID> inserted = table.insert(connection, fresh);
      return fresh.stream().filter(row -> inserted.contains(row.id())).toList();
    }

    /**
     * Says in the transaction what it does, and that the chunk is in where nothing is left open.
     */
    private Sent mark(
        Connection connection, Map<Row, Outcome> settled, List<Row> fresh, boolean wrote)
        throws SQLException {
      List<Row> raced = fresh.stream().filter(row -> !settled.containsKey(row)).toList();
      Map<Row, Outcome> known = new HashMap<>(outcomes);
      known.putAll(settled);
      settleRepeats(known);
      boolean marksChunk = known.size() == chunk.rows().size();
      long number = 0;
      if (marksChunk) {
        number = run.marks().complete(connection, chunk.lane(), lastRecord, inOrder(known));
      } else if (wrote) {
        number = run.marks().partly(connection, chunk.lane(), lastRecord);
      }
      remember(number);
      return new Sent(number, known, raced, marksChunk);
    }

    private List<Outcome> inOrder(Map<Row, Outcome> known) {
      return chunk.rows().stream().map(known::get).toList();
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

    private List<Row> accept() {
      outcomes.putAll(sent.outcomes());
      marked = sent.marksChunk();
      List<Row> open = sent.open();
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
                  sent = mark(connection, Map.of(), List.of(), false);
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
