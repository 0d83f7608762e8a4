package org.pgbackfill.ledger;

import java.sql.Connection;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A run that nobody writes down: it can't be resumed, and two of them don't know of each other.
 *
 * @param name the run's
 * @param ids it gives
 */
public record NoLedger(String name, RunIds ids) implements Hold {
  @Override
  public boolean keepsIds() {
    return false; // it is never resumed
  }

  @Override
  public long retriesBefore() {
    return 0;
  }

  @Override
  public Marks marks() {
    return Marks.NONE;
  }

  @Override
  public History history() {
    return History.NONE;
  }

  @Override
  public void beat(Supplier<RunEntry.Counters> counters, Consumer<LedgerException> lost) {}

  @Override
  public void takeOrders(Connection session, Function<Steering.Order, String> obey) {}

  @Override
  public void checkpoint(long record, String hash) {}

  @Override
  public void end(RunState state, String message, RunEntry.Counters counters) {}

  @Override
  public void close() {}
}
