package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** A run in the hands of this process, with a ledger or without. Safe between threads. */
public sealed interface Hold extends AutoCloseable permits Holding, NoLedger {
  /**
   * The run's name.
   *
   * @return as a DBA sees it
   */
  String name();

  /**
   * The ids that the run gives.
   *
   * @return the same as before, when it is resumed
   */
  RunIds ids();

  /**
   * Whether the run began with an outcome file, and one may be wanted again when it is resumed.
   *
   * @return true when each row's id must be the one that the file tells
   */
  boolean keepsIds();

  /**
   * How often chunks were tried again before the run was resumed.
   *
   * @return 0 of a new run
   */
  long retriesBefore();

  /**
   * What a chunk's transaction says of itself.
   *
   * @return for all lanes
   */
  Marks marks();

  /**
   * What was in when the run was resumed.
   *
   * @return of a new run: nothing
   * @throws SQLException as any statement
   */
  History history() throws SQLException;

  /**
   * Gives signs of life from now on.
   *
   * @param counters the run's figures of the moment
   * @param lost called once when the run turns out to be somebody else's
   */
  void beat(Supplier<RunEntry.Counters> counters, Consumer<LedgerException> lost);

  /**
   * Takes what was asked of the run since the last time, in the order in which it was asked.
   *
   * @param session in a transaction that the caller commits
   * @param obey does what is asked; why not, or null where it is done. It may be asked the same
   *     twice, when the answer was lost
   * @throws SQLException as any statement
   */
  void takeOrders(Connection session, Function<Steering.Order, String> obey) throws SQLException;

  /**
   * Notes how the input read so far ends, for input that can be read only once: marks carry it, and
   * a resume compares.
   *
   * @param record the number of the last record read
   * @param hash of all bytes up to it
   */
  void checkpoint(long record, String hash);

  /**
   * Writes how the run ended, and gives it free.
   *
   * @param state how it ended
   * @param message why, where there is something to say; null otherwise
   * @param counters its figures
   * @throws SQLException when the ledger can't be reached; the lease runs out by itself then
   * @throws LedgerException.LeaseLost when the run is somebody else's by now
   */
  void end(RunState state, String message, RunEntry.Counters counters) throws SQLException;

  @Override
  void close();
}
