package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A run in the hands of this process: its marks, its lease, its end. Safe between threads, but for
 * {@link History}.
 *
 * <p>The lease's token is asked for in every transaction that writes rows: whoever has lost it
 * can't commit. The question locks the run's row FOR KEY SHARE, which heartbeats don't mind, and
 * which somebody who takes the run over waits for.
 */
public final class Holding implements Hold {
  private static final String HEARTBEAT_WHO = "pgbackfill heartbeat";

  private final Connections connections;
  private final String schema;
  private final RunEntry run;
  private final UUID token;
  private final ScheduledExecutorService heart;
  private final ConcurrentSkipListMap<Long, String> checkpoints = new ConcurrentSkipListMap<>();
  private volatile Connection session;
  private volatile boolean isClosed;

  Holding(Connections connections, String schema, Ledger.Start start) {
    this.connections = connections;
    this.schema = schema;
    this.run = start.run();
    this.token = start.token();
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "heartbeat");
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
    this.heart = executor;
  }

  @Override
  public void beat(Supplier<RunEntry.Counters> counters, Consumer<LedgerException> lost) {
    var unused =
        heart.scheduleWithFixedDelay(
            () -> {
              try {
                // A beat that crosses the run's own end finds it ended; the end asks for the lease
                // itself.
                if (!sign(counters.get()) && !heart.isShutdown()) {
                  lost.accept(leaseLost());
                  heart.shutdown();
                }
              } catch (SQLException e) {
                // The server is away: the lanes retry, and say so. The next beat tries a new
                // session.
                endSession();
              } finally {
                // Not before the ledger has the run's end: without the session, others take the
                // run.
                if (isClosed) {
                  endSession(); // close has not seen one that was only on its way
                }
              }
            },
            0,
            Ledger.HEARTBEAT.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private boolean sign(RunEntry.Counters counters) throws SQLException {
    if (session == null || session.isClosed()) {
      session = connections.session();
    }
    connections.limit(session, HEARTBEAT_WHO);
    try (PreparedStatement update =
        session.prepareStatement(
            """
            UPDATE %s.run
            SET lease_until = clock_timestamp() + ? * interval '1 millisecond',
                (holder_pid, holder_backend_start) = (%s),
                inserted = ?, existing = ?, filled = ?, overwritten = ?, duplicate = ?, rejected = ?,
                retries = ?
            WHERE run_id = ? AND lease_token = ? AND state = 'running'
            """
                .formatted(schema, RunTable.OWN_SESSION))) {
      update.setLong(1, Ledger.LEASE.toMillis());
      update.setInt(2, RunTable.driversPid(session));
      setCounters(update, 3, counters);
      update.setLong(10, run.id());
      update.setObject(11, token);
      int rows = update.executeUpdate();
      session.commit();
      return rows == 1;
    }
  }

  private static void setCounters(
      PreparedStatement statement, int first, RunEntry.Counters counters) throws SQLException {
    statement.setLong(first, counters.inserted());
    statement.setLong(first + 1, counters.existing());
    statement.setLong(first + 2, counters.filled());
    statement.setLong(first + 3, counters.overwritten());
    statement.setLong(first + 4, counters.duplicate());
    statement.setLong(first + 5, counters.rejected());
    statement.setLong(first + 6, counters.retries());
  }

  private LedgerException.LeaseLost leaseLost() {
    return new LedgerException.LeaseLost(
        "run "
            + run.name()
            + " was taken over by another process; this one has stopped, and commits nothing more");
  }

  @Override
  public void end(RunState state, String message, RunEntry.Counters counters) throws SQLException {
    heart.shutdownNow();
    try (Connection connection = connections.begin("pgbackfill ledger")) {
      try (PreparedStatement update =
          connection.prepareStatement(
              """
              UPDATE %s.run
              SET state = ?, message = ?, ended = clock_timestamp(), lease_until = clock_timestamp(),
                  inserted = ?, existing = ?, filled = ?, overwritten = ?, duplicate = ?, rejected = ?,
                  retries = ?
              -- or it is so already: a COMMIT that was not answered
              WHERE run_id = ? AND lease_token = ? AND state IN ('running', ?)
              """
                  .formatted(schema))) {
        update.setString(1, state.word());
        update.setString(2, message);
        setCounters(update, 3, counters);
        update.setLong(10, run.id());
        update.setObject(11, token);
        update.setString(12, state.word());
        if (update.executeUpdate() == 0) {
          throw leaseLost();
        }
      }
      if (state == RunState.SUCCEEDED) {
        try (PreparedStatement delete =
            connection.prepareStatement("DELETE FROM %s.mark WHERE run_id = ?".formatted(schema))) {
          // Nobody resumes it: its counters are what remains.
          delete.setLong(1, run.id());
          delete.executeUpdate();
        }
      }
      connection.commit();
    }
  }

  @Override
  public String name() {
    return run.name();
  }

  @Override
  public RunIds ids() {
    return run.ids();
  }

  @Override
  public boolean keepsIds() {
    return run.keepsIds();
  }

  @Override
  public long retriesBefore() {
    return run.counters().retries();
  }

  @Override
  public void takeOrders(Connection at, Function<Steering.Order, String> obey) throws SQLException {
    Steering.take(at, schema, run.id(), token, obey);
  }

  @Override
  public void checkpoint(long record, String hash) {
    checkpoints.put(record, hash);
  }

  @Override
  public Marks marks() {
    return new RunMarks();
  }

  private final class RunMarks implements Marks {
    private final String insert =
        """
        WITH holder AS (SELECT FROM %1$s.run WHERE run_id = ? AND lease_token = ? FOR KEY SHARE)
        INSERT INTO %1$s.mark (run_id, lane, last_record, complete, transaction, outcomes, input_record, input_hash)
        SELECT ?, ?, ?, ?, pg_current_xact_id()::text::bigint, ?, ?, ? FROM holder
        RETURNING transaction
        """
            .formatted(schema);

    @Override
    public long partly(Connection connection, int lane, long lastRecord, Map<Long, Outcome> settled)
        throws SQLException {
      return mark(connection, lane, lastRecord, false, OutcomeCodec.encode(settled, keep()));
    }

    @Override
    public long complete(Connection connection, int lane, long lastRecord, List<Outcome> outcomes)
        throws SQLException {
      return mark(connection, lane, lastRecord, true, OutcomeCodec.encode(outcomes, keep()));
    }

    private OutcomeCodec.Keep keep() {
      return run.keepsIds() ? OutcomeCodec.Keep.IDS : OutcomeCodec.Keep.KINDS;
    }

    private long mark(
        Connection connection, int lane, long lastRecord, boolean complete, byte[] outcomes)
        throws SQLException {
      Map.Entry<Long, String> input = checkpoints.ceilingEntry(lastRecord);
      try (PreparedStatement statement = connection.prepareStatement(insert)) {
        statement.setLong(1, run.id());
        statement.setObject(2, token);
        statement.setLong(3, run.id());
        statement.setInt(4, lane);
        statement.setLong(5, lastRecord);
        statement.setBoolean(6, complete);
        statement.setBytes(7, outcomes);
        statement.setObject(8, input == null ? null : input.getKey(), Types.BIGINT);
        statement.setString(9, input == null ? null : input.getValue());
        try (ResultSet result = statement.executeQuery()) {
          if (!result.next()) {
            throw leaseLost();
          }
          return result.getLong(1);
        }
      }
    }

    /**
     * The mark decides, once the transaction can't come in any more. The lane belongs to it:
     * another lane's transaction can have the number of one that a crash of the server has lost.
     */
    @Override
    public boolean isIn(Connection connection, int lane, long transaction) throws SQLException {
      Marks.requireEnded(connection, transaction);
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT EXISTS (SELECT FROM %s.mark WHERE run_id = ? AND lane = ? AND transaction = ?)"
                  .formatted(schema))) {
        statement.setLong(1, run.id());
        statement.setInt(2, lane);
        statement.setLong(3, transaction);
        try (ResultSet result = statement.executeQuery()) {
          result.next();
          return result.getBoolean(1);
        }
      }
    }
  }

  @Override
  public History history() throws SQLException {
    return History.read(connections, schema, run);
  }

  private void endSession() {
    Connections.end(session);
    session = null;
  }

  @Override
  public void close() {
    isClosed = true;
    heart.shutdownNow();
    endSession();
  }
}
