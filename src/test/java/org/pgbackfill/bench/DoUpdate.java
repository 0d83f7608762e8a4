package org.pgbackfill.bench;

import com.opencsv.CSVReader;
import com.opencsv.exceptions.CsvValidationException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The common way: chunks as sorted arrays, {@code INSERT ... ON CONFLICT DO UPDATE}, a transaction
 * each, on some connections side by side.
 *
 * <pre>
 * java -cp ... org.pgbackfill.bench.DoUpdate contacts|jobs FILE THREADS JDBC-URL
 * </pre>
 */
public final class DoUpdate {
  /** As the loaders that we have seen do; the table of ways was measured with it. */
  private static final int CHUNK_SIZE = 5_000;

  private final Upsert upsert;
  private final BlockingQueue<Connection> idle;

  private DoUpdate(Upsert upsert, List<Connection> connections) {
    this.upsert = upsert;
    this.idle = new ArrayBlockingQueue<>(connections.size(), false, connections);
  }

  /**
   * Loads a file.
   *
   * @param args contacts or jobs, the file, the number of connections, the server
   */
  public static void main(String[] args) throws Exception {
    int threads = Integer.parseInt(args[2]);
    List<Connection> connections = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      connections.add(DriverManager.getConnection(args[3]));
    }
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      new DoUpdate(Upsert.of(args[0]), connections).load(Path.of(args[1]), workers, threads);
    } finally {
      workers.shutdownNow();
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }

  private void load(Path file, ExecutorService workers, int threads)
      throws IOException, CsvValidationException, InterruptedException, ExecutionException {
    Deque<Future<?>> underWay = new ArrayDeque<>();
    try (CSVReader reader = Upsert.open(file)) {
      long number = 0;
      List<String[]> chunk = new ArrayList<>(CHUNK_SIZE);
      for (String[] fields = reader.readNext(); fields != null; fields = reader.readNext()) {
        chunk.add(upsert.row(fields, ++number));
        if (chunk.size() == CHUNK_SIZE) {
          underWay.add(submit(workers, chunk));
          chunk = new ArrayList<>(CHUNK_SIZE);
          // One chunk waits for each worker and no more: the file may be larger than the heap.
          if (underWay.size() > 2 * threads) {
            underWay.remove().get();
          }
        }
      }
      if (!chunk.isEmpty()) {
        underWay.add(submit(workers, chunk));
      }
    }
    for (Future<?> one : underWay) {
      one.get();
    }
  }

  private Future<?> submit(ExecutorService workers, List<String[]> chunk) {
    return workers.submit(
        () -> {
          write(chunk);
          return null;
        });
  }

  private void write(List<String[]> chunk) throws SQLException, InterruptedException {
    chunk.sort(upsert.order());
    Connection connection = idle.take();
    try (PreparedStatement statement = connection.prepareStatement(upsert.fromArrays())) {
      for (int i = 0; i < upsert.width(); i++) {
        int column = i;
        String[] values = chunk.stream().map(row -> row[column]).toArray(String[]::new);
        statement.setArray(i + 1, connection.createArrayOf("text", values));
      }
      statement.execute();
    } finally {
      idle.add(connection);
    }
  }
}
