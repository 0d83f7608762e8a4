package org.pgbackfill.load;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;

/** The queue's table; its arbiter is the partial unique index on the keys of active jobs. */
final class JobsTable extends TargetTable {
  private static final String ACTIVE =
      "unique_key IS NOT NULL AND state NOT IN ('succeeded', 'failed')";

  /** A payload must be shorter than 8,000 bytes (PostgreSQL documentation, NOTIFY). */
  private static final int LONGEST_PAYLOAD = 7_999;

  /** More are not compared one by one. */
  private static final int FEW_QUEUES = 8;

  private final JobsTarget jobs;
  private final Notify notify;
  private final Set<String> toTell = ConcurrentHashMap.newKeySet();
  private final String byKey;
  private final String byId;

  JobsTable(JobsTarget target, Catalog catalog, Notify notify) {
    super(target, catalog, "(unique_key) WHERE " + ACTIVE, null, RowChanges.Order.KEY);
    this.jobs = target;
    this.notify = notify;
    this.byKey = probeSql(catalog, "j.unique_key = k.key_ AND " + ACTIVE);
    this.byId = probeSql(catalog, "j.id = k.key_::uuid");
  }

  private String probeSql(Catalog catalog, String condition) {
    return """
    SELECT k.ordinal_, t.id, t.transaction_
    FROM unnest(?::text[]) WITH ORDINALITY AS k (key_, ordinal_)
    -- LIMIT 1 keeps it one look into the index for each key
    CROSS JOIN LATERAL (SELECT j.id, %s AS transaction_ FROM %s j WHERE %s LIMIT 1) t
    """
        .formatted(transactionSql(), catalog.name(), condition);
  }

  @Override
  boolean idsOrderWork() {
    return true;
  }

  @Override
  String arbiterHint() {
    return "CREATE UNIQUE INDEX CONCURRENTLY ON " + name() + " (unique_key) WHERE " + ACTIVE;
  }

  @Override
  String keysSql(List<UUID> links) {
    return "SELECT unique_key::text FROM " + name() + " WHERE " + ACTIVE;
  }

  /**
   * A job stands for another when it is active under the same key, or is the same by its id. An id
   * that this run derived can only be the record's own.
   */
  @Override
  Found[] probe(Connection connection, List<Row> rows, Probe probe) throws SQLException {
    Found[] keys = look(connection, byKey, rows, Row::keyed, Row::keyText);
    Found[] ids =
        look(
            connection,
            byId,
            rows,
            r -> r.idGiven() || probe == Probe.AGAIN,
            r -> r.id().toString());
    return IntStream.range(0, rows.size())
        .mapToObj(i -> rows.get(i).idGiven() ? firstOf(keys[i], ids[i]) : firstOf(ids[i], keys[i]))
        .toArray(Found[]::new);
  }

  private static Found firstOf(Found first, Found second) {
    return first != null ? first : second;
  }

  private static Found[] look(
      Connection connection,
      String sql,
      List<Row> rows,
      Predicate<Row> asked,
      Function<Row, String> key)
      throws SQLException {
    Found[] found = new Found[rows.size()];
    int[] positions =
        IntStream.range(0, rows.size()).filter(i -> asked.test(rows.get(i))).toArray();
    if (positions.length > 0) {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        String[] values =
            IntStream.of(positions).mapToObj(i -> key.apply(rows.get(i))).toArray(String[]::new);
        statement.setArray(1, texts(connection, values));
        collect(statement, positions, found);
      }
    }
    return found;
  }

  @Override
  void announce(Connection connection, Rows rows, int[] inserted) throws SQLException {
    Set<String> queues = queues(rows, inserted);
    switch (notify) {
      case CHUNK -> announce(connection, queues);
      case END -> toTell.addAll(queues);
      case OFF -> {}
    }
  }

  @Override
  public void announceEnd(Database database) throws SQLException {
    if (toTell.isEmpty()) {
      return;
    }
    try (Connection connection = database.begin("pgbackfill")) {
      announce(connection, toTell);
      connection.commit();
    }
  }

  /** Most rows have the queue of one that came before: they need no string of their own for it. */
  private static Set<String> queues(Rows rows, int[] places) {
    Set<String> queues = new HashSet<>();
    int[] examples = new int[FEW_QUEUES];
    int known = 0;
    for (int place : places) {
      if (!hasQueueOfOne(rows, place, examples, known)
          && queues.add(JobsTarget.queue(rows, place))
          && known < FEW_QUEUES) {
        examples[known++] = place;
      }
    }
    return queues;
  }

  private static boolean hasQueueOfOne(Rows rows, int place, int[] examples, int known) {
    for (int i = 0; i < known; i++) {
      if (JobsTarget.haveOneQueue(rows, place, examples[i])) {
        return true;
      }
    }
    return false;
  }

  /**
   * One notification for each queue, in one order: the server sends a transaction's notifications
   * at its commit.
   */
  private void announce(Connection connection, Set<String> queues) throws SQLException {
    try (PreparedStatement notify = connection.prepareStatement("SELECT pg_notify(?, ?)")) {
      for (String queue : queues.stream().sorted().toList()) {
        String payload =
            "{\"t\": \"queue.pushed\", \"q\": \""
                + new String(JsonStringEncoder.getInstance().quoteAsString(queue))
                + "\"}";
        if (payload.getBytes(StandardCharsets.UTF_8).length <= LONGEST_PAYLOAD) {
          notify.setString(1, jobs.channel());
          notify.setString(2, payload);
          notify.execute();
        }
      }
    }
  }
}
