package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What the ledger had of a run when it was resumed: which records are in, and how they went. For
 * one thread.
 */
public final class History {
  /** Of a run without a ledger. */
  static final History NONE = new History(null, null, null);

  private static final String WHO = "pgbackfill ledger";

  private final Connections connections;
  private final String schema;
  private final RunEntry run;
  private final Map<Integer, Lane> lanes = new HashMap<>();
  private final Set<Long> transactions = new HashSet<>();
  private final Map<Long, Outcome> settled = new HashMap<>();
  private final TreeMap<Long, String> inputs = new TreeMap<>();
  private long proven;

  /**
   * A lane's part: how far it is, how far its outcomes are fetched, and those that nobody asked for
   * yet.
   */
  private static final class Lane {
    private final Deque<Outcome> next = new ArrayDeque<>();
    private long reached;
    private long fetched;
  }

  private History(Connections connections, String schema, RunEntry run) {
    this.connections = connections;
    this.schema = schema;
    this.run = run;
  }

  static History read(Connections connections, String schema, RunEntry run) throws SQLException {
    History history = new History(connections, schema, run);
    try (Connection connection = connections.begin(WHO)) {
      history.readMarks(connection);
      if (history.coversAny()) {
        history.readSettled(connection);
      }
      return history;
    }
  }

  private void readMarks(Connection connection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            SELECT lane, last_record, complete, transaction, input_record, input_hash
            FROM %s.mark WHERE run_id = ?
            """
                .formatted(schema))) {
      select.setLong(1, run.id());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          Lane lane = lanes.computeIfAbsent(row.getInt(1), number -> new Lane());
          if (row.getBoolean(3)) {
            lane.reached = Math.max(lane.reached, row.getLong(2));
          }
          transactions.add(row.getLong(4));
          if (row.getString(6) != null) {
            inputs.put(row.getLong(5), row.getString(6));
          }
        }
      }
    }
  }

  /**
   * Of the chunk that each lane was at; its transactions, of all attempts, have told a part each.
   */
  private void readSettled(Connection connection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            SELECT m.outcomes FROM %1$s.mark m
            WHERE m.run_id = ? AND NOT m.complete AND m.outcomes IS NOT NULL
              AND m.last_record > coalesce((SELECT max(c.last_record) FROM %1$s.mark c
                                            WHERE c.run_id = m.run_id AND c.lane = m.lane AND c.complete), 0)
            """
                .formatted(schema))) {
      select.setLong(1, run.id());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          settled.putAll(OutcomeCodec.decodeSome(row.getBytes(1)));
        }
      }
    }
  }

  /**
   * Whether any record may be in.
   *
   * @return false of a run that begins
   */
  public boolean coversAny() {
    return !lanes.isEmpty();
  }

  /**
   * Whether the record is in.
   *
   * @param lane the record's
   * @param record its number
   * @return true when a mark covers it
   */
  public boolean covers(int lane, long record) {
    Lane known = lanes.get(lane);
    return known != null && record <= known.reached;
  }

  /**
   * What became of the lane's next record.
   *
   * @param lane the record's; records are asked for in input order, each once
   * @return the outcome; a new row's id is nil, for its record has it
   * @throws LedgerException when the ledger has fewer records than the file
   * @throws SQLException as any statement; it may be asked again
   */
  public Outcome next(int lane) throws SQLException {
    Lane known = lanes.get(lane);
    if (known.next.isEmpty()) {
      fetch(lane, known);
    }
    return known.next.removeFirst();
  }

  private void fetch(int number, Lane lane) throws SQLException {
    try (Connection connection = connections.begin(WHO);
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT last_record, outcomes FROM %s.mark
                WHERE run_id = ? AND lane = ? AND complete AND last_record > ?
                ORDER BY last_record LIMIT 1
                """
                    .formatted(schema))) {
      select.setLong(1, run.id());
      select.setInt(2, number);
      select.setLong(3, lane.fetched);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          // Other records are in other lanes, and so it may show before the bytes are compared.
          throw otherInput();
        }
        lane.next.addAll(OutcomeCodec.decode(row.getBytes(2)));
        lane.fetched = row.getLong(1);
      }
    }
  }

  /**
   * What has become of records that are in, though their chunk is not.
   *
   * @return by the record's number; a new row's id is nil, for its record has it
   */
  public Map<Long, Outcome> settled() {
    return new HashMap<>(settled);
  }

  /**
   * The transactions that have written rows of this run.
   *
   * @return their numbers, 64 bits
   */
  public Set<Long> transactions() {
    return new HashSet<>(transactions);
  }

  /** How input that can be read only once compares with what came the first time. */
  public enum Comparison {
    /** Not to be told yet: read on, and load nothing of it. */
    OPEN,
    /** The same bytes up to here. */
    SAME,
    /** Behind all that came the first time. */
    NEW
  }

  /**
   * Compares the input up to a record with what came the first time.
   *
   * @param record the number of the record just read; grows from call to call
   * @param checksumSoFar of all bytes up to it; asked for only where there is something to compare
   *     with
   * @return how it compares
   * @throws LedgerException when it is other input
   */
  public Comparison compare(long record, Supplier<String> checksumSoFar) {
    Map.Entry<Long, String> next = inputs.higherEntry(proven);
    if (next == null) {
      return Comparison.NEW;
    }
    if (record < next.getKey()) {
      return Comparison.OPEN;
    }
    if (record > next.getKey() || !next.getValue().equals(checksumSoFar.get())) {
      throw otherInput();
    }
    proven = record;
    return Comparison.SAME;
  }

  /**
   * To be called at the input's end.
   *
   * @throws LedgerException when more came the first time
   */
  public void compareEnd() {
    if (inputs.higherEntry(proven) != null) {
      throw otherInput();
    }
  }

  private LedgerException otherInput() {
    return new LedgerException(
        "run "
            + run.name()
            + ": what comes in is not what came the first time; give it the same bytes, or begin"
            + " anew with --again",
        null);
  }
}
