package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.pgbackfill.source.FileContent;
import org.postgresql.PGConnection;

/** The runs as rows, in the caller's transaction. */
final class RunTable {
  /**
   * A lease holds until its time, or until the server shows that the holder's own session is gone.
   */
  private static final String COLUMNS =
      """
      r.run_id, r.name, r.command, r.target, r.mapping, r.work_hash, r.ids_millis, r.ids_tag, r.lanes, r.keeps_ids,
      r.state, r.message, r.began, r.ended, r.inserted, r.existing, r.filled, r.overwritten, r.duplicate,
      r.rejected, r.retries,
      r.holder || ', since ' || to_char(r.holder_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS holder,
      r.lease_until > clock_timestamp()
        AND (r.holder_pid IS NULL
             OR EXISTS (SELECT FROM pg_stat_activity a
                        WHERE a.pid = r.holder_pid
                          -- hidden from other roles, and then the pid alone must do
                          AND (a.backend_start IS NULL OR a.backend_start = r.holder_backend_start))) AS alive,
      ARRAY(SELECT i.name FROM %1$s.input i WHERE i.run_id = r.run_id ORDER BY i.position) AS input_names,
      ARRAY(SELECT i.size FROM %1$s.input i WHERE i.run_id = r.run_id ORDER BY i.position) AS input_sizes,
      ARRAY(SELECT i.hash FROM %1$s.input i WHERE i.run_id = r.run_id ORDER BY i.position) AS input_hashes
      """;

  /**
   * The session that asks, when its parameter is the driver's pid: a session through a pooler has
   * another backend at each transaction, and its pid says nothing.
   */
  static final String OWN_SESSION =
      "SELECT a.pid, a.backend_start FROM pg_stat_activity a"
          + " WHERE a.pid = pg_backend_pid() AND a.pid = ?";

  private final Connection connection;
  private final String schema;

  /**
   * Looks and writes in a transaction.
   *
   * @param schema quoted
   */
  RunTable(Connection connection, String schema) {
    this.connection = connection;
    this.schema = schema;
  }

  /**
   * Finds runs.
   *
   * @param condition on the run {@code r}, with one parameter
   * @return the last 100, the last one first
   */
  List<RunEntry> find(String condition, Object value) throws SQLException {
    String sql =
        "SELECT "
            + COLUMNS.formatted(schema)
            + " FROM "
            + schema
            + ".run r WHERE "
            + condition
            + " ORDER BY r.run_id DESC LIMIT 100";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setObject(1, value);
      List<RunEntry> found = new ArrayList<>();
      try (ResultSet result = select.executeQuery()) {
        while (result.next()) {
          found.add(entry(result));
        }
      }
      return found;
    }
  }

  private RunEntry entry(ResultSet row) throws SQLException {
    Timestamp ended = row.getTimestamp("ended");
    return new RunEntry(
        row.getLong("run_id"),
        row.getString("name"),
        new Work(
            row.getString("command"),
            row.getString("target"),
            row.getString("mapping"),
            inputs(row)),
        row.getString("work_hash"),
        new RunIds(row.getLong("ids_millis"), row.getLong("ids_tag")),
        row.getInt("lanes"),
        row.getBoolean("keeps_ids"),
        RunState.of(row.getString("state")),
        row.getString("holder"),
        row.getBoolean("alive"),
        row.getTimestamp("began").toInstant(),
        ended == null ? null : ended.toInstant(),
        new RunEntry.Counters(
            row.getLong("inserted"),
            row.getLong("existing"),
            row.getLong("filled"),
            row.getLong("overwritten"),
            row.getLong("duplicate"),
            row.getLong("rejected"),
            row.getLong("retries")),
        row.getString("message"));
  }

  private static List<FileContent> inputs(ResultSet row) throws SQLException {
    String[] names = (String[]) row.getArray("input_names").getArray();
    Long[] sizes = (Long[]) row.getArray("input_sizes").getArray();
    String[] hashes = (String[]) row.getArray("input_hashes").getArray();
    List<FileContent> inputs = new ArrayList<>(names.length);
    for (int i = 0; i < names.length; i++) {
      inputs.add(new FileContent(names[i], sizes[i], hashes[i]));
    }
    return inputs;
  }

  /** Writes a new run down, in the hands of who asks for it. */
  RunEntry begin(Ledger.Request request) throws SQLException {
    String name = request.name() == null ? freeName(request.defaultName()) : request.name();
    long id;
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO %s.run (name, command, target, mapping, work_hash, ids_millis, ids_tag, lanes, keeps_ids,
                                state, holder, lease_token, lease_until, holder_pid, holder_backend_start)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, clock_timestamp() + ? * interval '1 millisecond',
                   own.pid, own.backend_start
            FROM (SELECT) one LEFT JOIN (%s) own ON true
            RETURNING run_id
            """
                .formatted(schema, OWN_SESSION))) {
      Work work = request.work();
      insert.setString(1, name);
      insert.setString(2, work.command());
      insert.setString(3, work.target());
      insert.setString(4, work.mapping());
      insert.setString(5, work.isKnown() ? work.hash() : "");
      insert.setLong(6, request.ids().millis());
      insert.setLong(7, request.ids().tag());
      insert.setInt(8, request.lanes());
      insert.setBoolean(9, request.keepsIds());
      insert.setString(10, request.holder());
      insert.setObject(11, request.token());
      insert.setLong(12, Ledger.LEASE.toMillis());
      insert.setInt(13, driversPid(connection));
      try (ResultSet result = insert.executeQuery()) {
        result.next();
        id = result.getLong(1);
      }
    }
    writeInputs(id, request.work());
    return find("r.run_id = ?", id).get(0);
  }

  /** Two runs may begin in one millisecond, and each is steered and resumed by its name. */
  private String freeName(String name) throws SQLException {
    String free = name;
    for (int i = 2; !find("r.name = ?", free).isEmpty(); i++) {
      free = name + "-" + i;
    }
    return free;
  }

  private void writeInputs(long id, Work work) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO %s.input (run_id, position, name, size, hash) VALUES (?, ?, ?, ?, ?)"
                .formatted(schema))) {
      for (int i = 0; i < work.inputs().size(); i++) {
        FileContent input = work.inputs().get(i);
        insert.setLong(1, id);
        insert.setInt(2, i);
        insert.setString(3, input.name());
        insert.setLong(4, input.size());
        insert.setString(5, input.checksum());
        insert.executeUpdate();
      }
    }
  }

  /** Gives a run into the hands of who asks for it. */
  RunEntry take(RunEntry run, Ledger.Request request) throws SQLException {
    // FOR UPDATE waits for transactions of the former holder that have marked themselves and not
    // yet ended.
    try (PreparedStatement take =
        connection.prepareStatement(
            """
            UPDATE %1$s.run
            SET state = 'running', message = NULL, ended = NULL, holder = ?, holder_since = clock_timestamp(),
                (holder_pid, holder_backend_start) = (%2$s), lease_token = ?,
                lease_until = clock_timestamp() + ? * interval '1 millisecond'
            WHERE run_id = (SELECT run_id FROM %1$s.run WHERE run_id = ? FOR UPDATE)
            """
                .formatted(schema, OWN_SESSION))) {
      take.setString(1, request.holder());
      take.setInt(2, driversPid(connection));
      take.setObject(3, request.token());
      take.setLong(4, Ledger.LEASE.toMillis());
      take.setLong(5, run.id());
      take.executeUpdate();
    }
    return find("r.run_id = ?", run.id()).get(0);
  }

  /** What the server told the driver when it connected, or a pooler did. */
  static int driversPid(Connection connection) throws SQLException {
    return connection.unwrap(PGConnection.class).getBackendPID();
  }
}
