package org.pgbackfill.ledger;

import java.time.Instant;
import java.util.Objects;

/**
 * A run as the ledger has it.
 *
 * @param id the ledger's number of it
 * @param name as the operator calls it; a name can have several runs, the last one counts
 * @param work what it has to do
 * @param workHash one value for the work
 * @param ids the ids it gives
 * @param lanes among how many its records are dealt
 * @param keepsIds whether the ledger keeps what an outcome file needs
 * @param state how it stands
 * @param holder who works on it, or did last
 * @param alive whether the holder's lease holds
 * @param began when it was begun
 * @param ended when it stopped or succeeded; null while it runs
 * @param counters how its records went, as of the last word from it
 * @param message why it stopped; null where there is nothing to say
 */
public record RunEntry(
    long id,
    String name,
    Work work,
    String workHash,
    RunIds ids,
    int lanes,
    boolean keepsIds,
    RunState state,
    String holder,
    boolean alive,
    Instant began,
    Instant ended,
    Counters counters,
    String message) {
  /**
   * How a run's records went.
   *
   * @param inserted records that are new rows
   * @param existing records whose row was there, and stays as it is
   * @param filled records that have set columns of a row that was there
   * @param overwritten records that have changed a row that was there
   * @param duplicate records whose key an earlier record has
   * @param rejected records refused
   * @param retries how often a chunk was tried again
   */
  public record Counters(
      long inserted,
      long existing,
      long filled,
      long overwritten,
      long duplicate,
      long rejected,
      long retries) {
    /**
     * How many records have an outcome.
     *
     * @return the sum of the outcomes
     */
    public long read() {
      return inserted + existing + filled + overwritten + duplicate + rejected;
    }

    /**
     * Takes a reading.
     *
     * @param counts how the records went so far
     * @param retries how often a chunk was tried again
     * @return the figures of this moment
     */
    public static Counters of(Counts counts, long retries) {
      return new Counters(
          counts.of(Outcome.Kind.INSERTED),
          counts.of(Outcome.Kind.EXISTING),
          counts.of(Outcome.Kind.FILLED),
          counts.of(Outcome.Kind.OVERWRITTEN),
          counts.of(Outcome.Kind.DUPLICATE),
          counts.of(Outcome.Kind.REJECTED),
          retries);
    }
  }

  /** Refuses an entry without its essentials. */
  public RunEntry {
    Objects.requireNonNull(name);
    Objects.requireNonNull(work);
    Objects.requireNonNull(state);
  }

  boolean isUnfinished() {
    return state != RunState.SUCCEEDED;
  }

  boolean isHeld() {
    return state == RunState.RUNNING && alive;
  }
}
