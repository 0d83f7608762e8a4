package org.pgbackfill.load;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.pgbackfill.ledger.Marks;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;
import org.pgbackfill.target.Target;
import org.pgbackfill.testkit.TestDatabase;

/**
 * A run of one lane past the command line, so that a test can take the lock order away, and the
 * retries.
 */
final class TestRun implements AutoCloseable {
  /** As long as a run of the command line tries. */
  static final Duration RETRY = Duration.ofMinutes(2);

  /** The first fault ends the load. */
  static final Duration NO_RETRY = Duration.ZERO;

  static final Limits LIMITS =
      new Limits(Duration.ofSeconds(10), Duration.ofMinutes(2), Duration.ofMinutes(1), RETRY);

  /** A chunk of more rows takes several statements in its one pass. */
  private static final int PIECE = 7;

  private final Database database;
  private final Retries retries;
  private final ChunkLoader loader;
  private final List<Row> rows = new ArrayList<>();
  private final List<Duration> rests = new ArrayList<>();
  private int moments;

  TestRun(
      TestDatabase where,
      String csv,
      Function<List<SourceFile>, Target> fit,
      Comparator<Row> order,
      Duration retryTotal) {
    this.database = Database.open(spec(where), LIMITS, 1);
    this.retries = new Retries(retryTotal, TestRun::pass, notice -> {});
    RunIds ids = RunIds.of(Instant.now(), ThreadLocalRandom.current().nextLong());
    try (CsvSource source =
        CsvSource.open(
            List.of(CsvSource.STDIN),
            new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)))) {
      Target target = fit.apply(source.files());
      for (CsvRecord record = source.next(); record != null; record = source.next()) {
        rows.add((Row) target.check(record, ids::id));
      }
      TargetTable table =
          TargetTable.inspect(
              database,
              target,
              Notify.CHUNK,
              order == target.lockOrder() ? RowChanges.Order.KEY : RowChanges.Order.ARRIVAL);
      LoadedRun run = new LoadedRun("test", ids, source::place, Marks.NONE, Set.of(), Map.of());
      Existence existence =
          Existence.choose(
              database,
              table,
              new Existence.Facts(1, true, Long.MAX_VALUE, false, false),
              new Existence.Rests() {
                @Override
                public void after(Duration worked) {
                  rests.add(worked);
                }

                @Override
                public void moment() {
                  moments++;
                }
              });
      this.loader =
          new ChunkLoader(
              database,
              table,
              existence,
              run,
              retries,
              (some, places) -> sorted(some, places, order),
              PIECE);
    } catch (SQLException | SourceException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** A wrong order is sorted by itself. */
  private static int[] sorted(Rows rows, int[] places, Comparator<Row> order) {
    return IntStream.of(places)
        .boxed()
        .sorted((a, b) -> order.compare(rows.get(a), rows.get(b)))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  static ConnectionSpec spec(TestDatabase where) {
    return spec(where, "postgres");
  }

  static ConnectionSpec spec(TestDatabase where, String role) {
    return ConnectionSpec.resolve(
        new ConnectionSpec.Given(
            "localhost", Integer.toString(where.server().port()), role, where.name(), null),
        Map.of(),
        new Properties());
  }

  private static boolean pass(Duration time) {
    try {
      Thread.sleep(time.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Loads everything, chunk by chunk. */
  List<Outcome> load(int chunkSize) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int from = 0; from < rows.size(); from += chunkSize) {
      List<Row> some = rows.subList(from, Math.min(from + chunkSize, rows.size()));
      Chunk chunk = new Chunk(0, Rows.of(some));
      outcomes.addAll(loader.load(chunk, loader.look(chunk)));
    }
    return outcomes;
  }

  /** Whether it is known of all rows that they were there. */
  boolean areThere() {
    return loader.areThere(new Chunk(0, Rows.of(rows)));
  }

  /** How long each piece took after which there might have been a rest. */
  List<Duration> rests() {
    return rests;
  }

  /** How often others might have had the core. */
  int moments() {
    return moments;
  }

  long retries() {
    return retries.count();
  }

  @Override
  public void close() {
    database.close();
  }
}
