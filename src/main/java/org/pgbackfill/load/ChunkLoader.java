package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.ledger.RunIds;
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

  private final Database database;
  private final TargetTable table;
  private final RunIds ids;
  private final String run;
  private final LongFunction<String> place;
  private final Retries retries;
  private final Retries.Pause pause;
  private final Comparator<Row> order;
  private final Set<Long> transactions = ConcurrentHashMap.newKeySet();

  /**
   * Makes a loader for one run.
   *
   * @param database where to
   * @param table what into
   * @param ids the run's
   * @param run the run's name, as a DBA sees it
   * @param place turns a record's number into file and line
   * @param retries counts, and gives up
   * @param pause how to wait
   */
  public ChunkLoader(
      Database database,
      TargetTable table,
      RunIds ids,
      String run,
      LongFunction<String> place,
      Retries retries,
      Retries.Pause pause) {
    this(database, table, ids, run, place, retries, pause, table.target().lockOrder());
  }

  /** With another order, so that tests can show what the right one is for. */
  ChunkLoader(
      Database database,
      TargetTable table,
      RunIds ids,
      String run,
      LongFunction<String> place,
      Retries retries,
      Retries.Pause pause,
      Comparator<Row> order) {
    this.database = database;
    this.table = table;
    this.ids = ids;
    this.run = run;
    this.place = place;
    this.retries = retries;
    this.pause = pause;
    this.order = order;
  }

  /**
   * Loads one chunk, and returns when every record has its outcome and every transaction its end.
   *
   * @param chunk no key of it is in another chunk that is loading meanwhile in this run
   * @return the outcomes, in the order of the chunk's rows
   * @throws LoadException when the load can't go on; what was committed stays
   */
  public List<Outcome> load(Chunk chunk) {
    return new Loading("pgbackfill " + run + " lane-" + chunk.lane()).load(chunk.rows());
  }

  /** One chunk on its way. */
  private final class Loading {
    private final String who;
    private final Map<Row, Outcome> outcomes = new HashMap<>();
    private final Set<Row> lookedAgain = new HashSet<>();
    private final Set<Long> mine = new HashSet<>();

    Loading(String who) {
      this.who = who;
    }

    List<Outcome> load(List<Row> rows) {
      List<Row> open = rows;
      while (!open.isEmpty()) {
        Map<Object, Row> first = new LinkedHashMap<>();
        for (Row row : open) {
          first.putIfAbsent(row.identity(), row);
        }
        settle(first.values().stream().sorted(order).toList(), Probe.FIRST);
        open = settleRepeats(open, first);
      }
      return rows.stream().map(outcomes::get).toList();
    }

    /**
     * Gives the repeats their outcome; where the first record was refused, the next of its kind has
     * its turn.
     */
    private List<Row> settleRepeats(List<Row> rows, Map<Object, Row> first) {
      List<Row> open = new ArrayList<>();
      for (Row row : rows) {
        Row leader = first.get(row.identity());
        Outcome outcome = outcomes.get(leader);
        if (row == leader) {
          continue;
        }
        switch (outcome.kind()) {
          case INSERTED ->
              outcomes.put(row, Outcome.duplicate(outcome.id(), placeOf(leader.record().number())));
          case EXISTING, DUPLICATE -> outcomes.put(row, outcome);
          case REJECTED -> open.add(row);
        }
      }
      return open;
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
          pause.pass(Duration.ofMillis(10L * round));
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
        return retries.run(who, again -> transaction(rows, again == 0 ? probe : Probe.AGAIN));
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
        Found[] found = table.probe(connection, rows, probe);
        List<Row> fresh = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
          if (found[i] == null) {
            fresh.add(rows.get(i));
          }
        }
        Set<UUID> inserted = fresh.isEmpty() ? Set.of() : table.insert(connection, fresh);
        if (!inserted.isEmpty()) {
          table.announce(
              connection, fresh.stream().filter(row -> inserted.contains(row.id())).toList());
          rememberTransaction(connection);
        }
        connection.commit();
        for (int i = 0; i < found.length; i++) {
          if (found[i] != null) {
            outcomes.put(rows.get(i), outcome(rows.get(i), found[i]));
          }
        }
        return settleInserted(fresh, inserted);
      }
    }

    private List<Row> settleInserted(List<Row> fresh, Set<UUID> inserted) {
      List<Row> raced = new ArrayList<>();
      for (Row row : fresh) {
        if (inserted.contains(row.id())) {
          outcomes.put(row, Outcome.inserted(row.id()));
        } else {
          raced.add(row);
        }
      }
      return raced;
    }

    /**
     * Before the commit: its end may never be known, and the rows must be recognised all the same.
     */
    private void rememberTransaction(Connection connection) throws SQLException {
      if (table.idsGiven) {
        long transaction = currentTransaction(connection);
        mine.add(transaction);
        transactions.add(transaction);
      }
    }

    /**
     * What a row that is there says of the record: this very record's, from an attempt whose end
     * was not known; an earlier record's of this run; or another's.
     */
    private Outcome outcome(Row row, Found found) {
      boolean own = found.id().equals(row.id());
      if (own && (row.idGiven() ? mine.contains(found.transaction()) : true)) {
        return Outcome.inserted(found.id());
      }
      if (ids.gave(found.id())) {
        return Outcome.duplicate(found.id(), placeOf(ids.number(found.id())));
      }
      return transactions.contains(found.transaction())
          ? Outcome.duplicate(found.id(), null)
          : Outcome.existing(found.id());
    }

    private String placeOf(long number) {
      return "as in " + place.apply(number);
    }
  }

  /** The low 32 bits of the transaction's id, as xmin shows them. */
  private static long currentTransaction(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT (pg_current_xact_id()::text::numeric % 4294967296)::bigint");
        ResultSet result = statement.executeQuery()) {
      result.next();
      return result.getLong(1);
    }
  }
}
