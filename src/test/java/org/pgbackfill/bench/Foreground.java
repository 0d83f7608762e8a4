package org.pgbackfill.bench;

import com.opencsv.CSVReader;
import com.opencsv.exceptions.CsvValidationException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The live traffic beside a load: reads and updates of the contacts that are being loaded, at a
 * fixed rate, until standard input ends.
 *
 * <pre>
 * java -cp ... org.pgbackfill.bench.Foreground FILE TRANSACTIONS-PER-SECOND CONNECTIONS SEED JDBC-URL
 * </pre>
 *
 * <p>Says {@code ready} when it counts, and at its end one JSON object. A line break on standard
 * input says that a load begins: what falls into its first second counts, and is told without as
 * well, for a program's start is short and not to be slowed down. A transaction's latency is
 * counted from when it was due, not from when a connection was free for it: a server that stands
 * still delays all that come meanwhile, and not only the few that are under way.
 */
public final class Foreground {
  /** By which the server knows its sessions. */
  static final String NAME = "foreground";

  private static final String READ =
      "SELECT name, updated_at FROM email_contacts WHERE link_id = ?::uuid AND email_address = ?";

  /** To the name that the export has, so that the content stays what it should be. */
  private static final String UPDATE =
      "UPDATE email_contacts SET name = ?, updated_at = now()"
          + " WHERE link_id = ?::uuid AND email_address = ?";

  /** Every so many transactions, one is an update. */
  private static final int UPDATE_EVERY = 2;

  /**
   * Of traffic, before anything is counted: its JVM and the server's caches are warm then, and its
   * sessions have seen most of the shared buffers that they come back to.
   */
  private static final Duration WARM_UP = Duration.ofSeconds(10);

  /** The most contacts that are read and updated: they are kept in memory. */
  private static final int MOST_CONTACTS = 200_000;

  /** A JVM's start, until its code is compiled. */
  private static final long BEGINNING = TimeUnit.SECONDS.toNanos(1);

  private final List<String[]> contacts;
  private final List<Long> loads = new ArrayList<>();
  private final long seed;
  private final long nanosBetween;
  private final AtomicLong next = new AtomicLong();
  private volatile boolean stopped;
  private long start;

  private Foreground(List<String[]> contacts, long seed, int rate) {
    this.contacts = contacts;
    this.seed = seed;
    this.nanosBetween = TimeUnit.SECONDS.toNanos(1) / rate;
  }

  /**
   * Runs until standard input ends.
   *
   * @param args the file, transactions a second, connections, what chance begins with, the server
   */
  public static void main(String[] args) throws Exception {
    Foreground foreground =
        new Foreground(read(Path.of(args[0])), Long.parseLong(args[3]), Integer.parseInt(args[1]));
    String url = args[4] + "&ApplicationName=" + NAME;
    System.out.println(foreground.run(url, Integer.parseInt(args[2])));
  }

  private static List<String[]> read(Path file) throws IOException, CsvValidationException {
    List<String[]> contacts = new ArrayList<>();
    try (CSVReader reader = Upsert.open(file)) {
      for (String[] fields = reader.readNext();
          fields != null && contacts.size() < MOST_CONTACTS;
          fields = reader.readNext()) {
        contacts.add(Upsert.CONTACTS.row(fields, 0));
      }
    }
    return contacts;
  }

  private String run(String url, int connections)
      throws SQLException, IOException, InterruptedException, ExecutionException {
    List<Connection> open = new ArrayList<>();
    ExecutorService workers = Executors.newFixedThreadPool(connections + 1);
    try {
      for (int i = 0; i <= connections; i++) {
        open.add(DriverManager.getConnection(url));
      }
      start = System.nanoTime();
      List<Future<Traffic>> traffic = new ArrayList<>();
      for (Connection connection : open.subList(1, open.size())) {
        traffic.add(workers.submit(() -> work(connection)));
      }
      Thread.sleep(WARM_UP.toMillis());
      long wal = walBytes(open.get(0));
      long counted = System.nanoTime();
      LockSampler sampler = new LockSampler(open.get(0));
      Future<?> sampling = workers.submit(() -> sampler.run(() -> stopped));
      System.out.println("ready");
      for (int read = System.in.read(); read >= 0; read = System.in.read()) {
        if (read == '\n') {
          loads.add(System.nanoTime());
        }
      }
      stopped = true;
      double seconds = (System.nanoTime() - counted) / 1e9;
      Traffic all = new Traffic();
      for (Future<Traffic> one : traffic) {
        all.add(one.get());
      }
      all.transactions.removeIf(done -> done.due() < counted);
      sampling.get();
      wal = walBytes(open.get(0)) - wal;
      return "{" + all.json(seconds, loads) + ", " + sampler.json() + ", \"wal\": " + wal + "}";
    } finally {
      workers.shutdownNow();
      for (Connection connection : open) {
        connection.close();
      }
    }
  }

  /** By a session that is there: to start one is felt by the traffic. */
  private static long walBytes(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")) {
      result.next();
      return result.getLong(1);
    }
  }

  /** Takes whatever is due next: a connection that hangs holds up its own transaction alone. */
  private Traffic work(Connection connection) throws SQLException, InterruptedException {
    Traffic traffic = new Traffic();
    try (Statements statements = new Statements(connection)) {
      while (!stopped) {
        long number = next.getAndIncrement();
        long due = start + number * nanosBetween;
        long early = due - System.nanoTime();
        if (early > 0) {
          TimeUnit.NANOSECONDS.sleep(early);
        }
        String[] contact = contacts.get(chosen(number));
        if (number % UPDATE_EVERY == 0) {
          traffic.updated += statements.update(contact);
        } else {
          statements.read(contact);
        }
        traffic.add(due, System.nanoTime());
      }
    }
    return traffic;
  }

  /** The same contacts in each phase, whichever connection takes them. */
  private int chosen(long number) {
    return new SplittableRandom(seed + number).nextInt(contacts.size());
  }

  private record Statements(PreparedStatement select, PreparedStatement change)
      implements AutoCloseable {
    Statements(Connection connection) throws SQLException {
      this(connection.prepareStatement(READ), connection.prepareStatement(UPDATE));
    }

    void read(String[] contact) throws SQLException {
      select.setString(1, contact[0]);
      select.setString(2, contact[1]);
      select.executeQuery().close();
    }

    /** How many rows it changed: 0 or 1. */
    int update(String[] contact) throws SQLException {
      change.setString(1, contact[2]);
      change.setString(2, contact[0]);
      change.setString(3, contact[1]);
      return change.executeUpdate();
    }

    @Override
    public void close() throws SQLException {
      select.close();
      change.close();
    }
  }

  /** A transaction's times, by {@link System#nanoTime}. */
  private record Done(long due, long end) {
    long latency() {
      return end - due;
    }

    /** Whether a load was at its beginning then. */
    boolean isBeside(List<Long> beginnings) {
      return beginnings.stream().anyMatch(load -> end > load && due < load + BEGINNING);
    }
  }

  /** What one connection did. */
  private static final class Traffic {
    private final List<Done> transactions = new ArrayList<>();
    private long updated;

    void add(long due, long end) {
      transactions.add(new Done(due, end));
    }

    void add(Traffic other) {
      transactions.addAll(other.transactions);
      updated += other.updated;
    }

    String json(double seconds, List<Long> beginnings) {
      long[] sorted = latencies(transactions);
      long[] later =
          latencies(transactions.stream().filter(done -> !done.isBeside(beginnings)).toList());
      return String.format(
          Locale.ROOT,
          "\"transactions\": %d, \"updated\": %d, \"seconds\": %.3f, \"p50_ms\": %.3f,"
              + " \"p99_ms\": %.3f, \"p99_later_ms\": %.3f, \"max_ms\": %.3f",
          sorted.length,
          updated,
          seconds,
          millis(sorted, 0.5),
          millis(sorted, 0.99),
          millis(later.length == 0 ? sorted : later, 0.99),
          millis(sorted, 1));
    }

    /** In nanoseconds, sorted. */
    private static long[] latencies(List<Done> transactions) {
      return transactions.stream().mapToLong(Done::latency).sorted().toArray();
    }

    /** The least that so large a part of them did not exceed. */
    private static double millis(long[] sorted, double part) {
      if (sorted.length == 0) {
        throw new IllegalStateException("no transaction came through");
      }
      int place = (int) Math.ceil(part * sorted.length) - 1;
      return sorted[Math.max(0, place)] / 1e6;
    }
  }
}
