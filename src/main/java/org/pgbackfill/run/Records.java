package org.pgbackfill.run;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.LongFunction;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.Target;

/**
 * The records of a run, read and checked. It begins with the first ones on another core, while the
 * database is asked whether they may be loaded; input that can be read only once stays unread until
 * then, for what was read so far is told by its checksum. For one thread, which reads the source by
 * this alone.
 */
final class Records implements AutoCloseable {
  private final CsvSource source;
  private final Target target;
  private final LongFunction<UUID> ids;
  private final Stop stop;
  private final int most;
  private final List<Checked> first = new ArrayList<>();

  /** Of the first ones; null when there are no more of them. */
  private Reading reading;

  private volatile boolean isEnough;
  private int given;

  /**
   * Begins to read.
   *
   * @param ids as {@link Target#check} wants them; not asked before {@link #next}
   * @param most how many are read before they are asked for, 0 for none: a core is left to others
   */
  Records(CsvSource source, Target target, LongFunction<UUID> ids, int most, Stop stop) {
    this.source = source;
    this.target = target;
    this.ids = ids;
    this.most = most;
    this.stop = stop;
    this.reading = source.isReadOnce() ? null : Reading.start("first-records", this::readFirst);
  }

  private void readFirst() throws SourceException {
    while (!isEnough && first.size() < most) {
      Checked checked = read();
      if (checked == null) {
        return;
      }
      first.add(checked);
    }
  }

  private Checked read() throws SourceException {
    CsvRecord record = source.next();
    return record == null ? null : target.check(record, ids);
  }

  /**
   * Reads on.
   *
   * @return the next one; null at the end, and where a stop does not wait for it
   * @throws SourceException when a file can't be read to its end; what came before is good
   */
  Checked next() throws SourceException {
    if (reading != null) {
      if (!hasFirst()) {
        return null;
      }
      if (given < first.size()) {
        return first.set(given++, null);
      }
      Reading over = reading;
      reading = null;
      over.check();
    }
    return read();
  }

  /** Ends their reading; false when a stop has left it behind. */
  private boolean hasFirst() {
    isEnough = true;
    return reading.await(stop);
  }

  /** Whether they come from something that can be read only once. */
  boolean isReadOnce() {
    return source.isReadOnce();
  }

  /** As {@link CsvSource#checksumSoFar}, for the last one. */
  String checksumSoFar() {
    return source.checksumSoFar();
  }

  /** Ends the reading of the first ones, so that the source may be closed. */
  @Override
  public void close() {
    if (reading != null) {
      var unused = hasFirst();
    }
  }
}
