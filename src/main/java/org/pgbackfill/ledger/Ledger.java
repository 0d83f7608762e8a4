package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.pgbackfill.source.FileContent;

/**
 * The tables that say what is in, in the target's own database. Safe between threads; every call is
 * a transaction of its own.
 */
public final class Ledger {
  /**
   * How long a holder is believed to live after its last sign: well below the 15 seconds in which a
   * dead holder's run must be free.
   */
  public static final Duration LEASE = Duration.ofSeconds(10);

  /** How often a holder gives a sign: three may be lost. */
  public static final Duration HEARTBEAT = Duration.ofSeconds(3);

  private static final String WHO = "pgbackfill ledger";

  /**
   * A lease holds until its time, or until the server shows that the holder's own session is gone.
   */
  private static final String COLUMNS =
      """
      r.run_id, r.name, r.command, r.target, r.mapping, r.work_hash, r.ids_millis, r.ids_tag, r.lanes, r.keeps_ids,
      r.state, r.message, r.began, r.ended, r.inserted, r.existing, r.duplicate, r.rejected, r.retries,
      r.holder || ', since ' || to_char(r.holder_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS holder,
      r.lease_until > clock_timestamp()
        AND (r.holder_pid IS NULL
             OR EXISTS (SELECT FROM pg_stat_activity a
                        WHERE a.pid = r.holder_pid
                          -- hidden from other roles, and then the pid alone must do
                          AND (a.backend_start IS NULL OR a.backend_start = r.holder_backend_start))) AS alive
      """;

  private final Connections connections;
  private final String schemaName;
  private final String schema;

  private Ledger(Connections connections, String schemaName) {
    this.connections = connections;
    this.schemaName = schemaName;
    this.schema = LedgerSchema.quoted(schemaName);
  }

  /**
   * Opens the ledger, and makes it at first use.
   *
   * @param connections where to
   * @param schema its schema
   * @return the ledger
   * @throws LedgerException when it is of another version, or a right is missing
   * @throws SQLException when it can't be made or read; see {@link #unusable}
   */
  public static Ledger open(Connections connections, String schema) throws SQLException {
    try (Connection connection = connections.begin(WHO)) {
      LedgerSchema.install(connection, schema, LedgerSchema.Use.WRITE);
      return new Ledger(connections, schema);
    }
  }

  /**
   * For an {@link #open} that came to nothing.
   *
   * @param schema the ledger's
   * @param e what the server said
   * @return for the operator
   */
  public static LedgerException unusable(String schema, SQLException e) {
    return new LedgerException(
        "the ledger in schema " + schema + " can't be used: " + said(e) + next(e), e);
  }

  private static String next(SQLException e) {
    return "25006".equals(e.getSQLState())
        ? "; connect to a server and a database that can be written"
            + " (default_transaction_read_only, target_session_attrs)"
        : "; a DBA can make it with what pgbackfill ledger prints, or load without it with"
            + " --no-ledger";
  }

  /**
   * Opens the ledger to read it.
   *
   * @param connections where to
   * @param schema its schema
   * @return the ledger
   * @throws LedgerException when there is none, or one of another version
   */
  public static Ledger existing(Connections connections, String schema) {
    try (Connection connection = connections.begin(WHO)) {
      if (!LedgerSchema.exists(connection, schema)) {
        throw new LedgerException(
            "there is no ledger in schema "
                + schema
                + "; the first run makes it, or name another with --ledger-schema",
            null);
      }
      LedgerSchema.install(connection, schema, LedgerSchema.Use.READ);
      return new Ledger(connections, schema);
    } catch (SQLException e) {
      throw new LedgerException("the ledger in schema " + schema + " can't be read: " + said(e), e);
    }
  }

  /** One start at a time decides what it does. */
  static void serialize(Connection connection, String schema) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement(
            "SELECT pg_advisory_xact_lock(hashtext('pgbackfill'), hashtext(?))")) {
      lock.setString(1, schema);
      lock.execute();
    }
  }

  private static String said(SQLException e) {
    return (e.getSQLState() == null ? "" : e.getSQLState() + ": ")
        + String.valueOf(e.getMessage())
            .replaceFirst("^(ERROR|FATAL|PANIC): ", "")
            .replaceAll("\\s*\\R\\s*", " ");
  }

  /**
   * What a start asks for.
   *
   * @param name the operator's name for the run; null to be named by {@code defaultName}
   * @param defaultName after the run's time
   * @param work what it has to do
   * @param intent whether to go on with an unfinished run, or to begin anew
   * @param ids for a new run
   * @param lanes among how many the records are dealt
   * @param keepsIds whether an outcome file is wanted
   * @param holder host and process, for those who find the run taken
   * @param token of the lease, new
   */
  public record Request(
      String name,
      String defaultName,
      Work work,
      Intent intent,
      RunIds ids,
      int lanes,
      boolean keepsIds,
      String holder,
      UUID token) {
    /** What the operator wants done about an earlier run. */
    public enum Intent {
      /** Nothing: an unfinished one is in the way. */
      PLAIN,
      /** To go on with an unfinished one. */
      RESUME,
      /** To begin anew, whatever was. */
      AGAIN
    }
  }

  /**
   * How a start went.
   *
   * @param run the run, held by the caller unless it was done already
   * @param kind whether there is something to do
   * @param token of the lease
   */
  public record Start(RunEntry run, Kind kind, UUID token) {
    /** Whether there is something to do. */
    public enum Kind {
      /** A new run. */
      BEGUN,
      /** An unfinished one, to go on with. */
      RESUMED,
      /** It has succeeded before: nothing to do. */
      DONE
    }
  }

  /**
   * Begins a run, goes on with one, or finds that there is nothing to do.
   *
   * @param request what is asked for; the same one may be asked again, when the answer was lost
   * @return the run
   * @throws LedgerException.Busy when another process works on it
   * @throws LedgerException when the ledger says no; the message has the choices
   * @throws SQLException as any statement
   */
  public Start start(Request request) throws SQLException {
    try (Connection connection = connections.begin(WHO)) {
      serialize(connection, schemaName);
      Start start = decide(connection, request);
      connection.commit();
      return start;
    }
  }

  /**
   * For a {@link #start} that came to nothing.
   *
   * @param e what the server said
   * @return for the operator
   */
  public LedgerException unwritable(SQLException e) {
    return new LedgerException(
        "the ledger in schema " + schemaName + " can't be written: " + said(e), e);
  }

  private Start decide(Connection connection, Request request) throws SQLException {
    Optional<RunEntry> mine =
        find(connection, "r.lease_token = ?", request.token()).stream().findFirst();
    if (mine.isPresent()) {
      return new Start(mine.get(), Start.Kind.RESUMED, request.token());
    }
    List<RunEntry> kin = kin(connection, request);
    for (RunEntry run : kin) {
      if (run.isHeld()) {
        throw busy(run);
      }
    }
    Optional<RunEntry> last = kin.stream().findFirst();
    Request.Intent intent = request.intent();
    if (last.isEmpty() && intent == Request.Intent.PLAIN) {
      refuseUnfinished(connection, request);
    }
    if (last.isEmpty() || intent == Request.Intent.AGAIN) {
      return begin(connection, request);
    }
    RunEntry run = last.get();
    boolean named = request.name() != null;
    if (!run.isUnfinished() && (named || intent == Request.Intent.RESUME)) {
      return done(run, request);
    }
    if (!run.isUnfinished()) {
      return begin(connection, request);
    }
    if (intent == Request.Intent.PLAIN) {
      throw unfinished(run);
    }
    return resume(connection, run, request);
  }

  /** The same work under another name is the same work. */
  private void refuseUnfinished(Connection connection, Request request) throws SQLException {
    if (request.work().isKnown()) {
      Optional<RunEntry> last =
          find(connection, "r.work_hash = ?", request.work().hash()).stream().findFirst();
      if (last.isPresent() && last.get().isUnfinished()) {
        throw unfinished(last.get());
      }
    }
  }

  private static LedgerException unfinished(RunEntry run) {
    return new LedgerException(
        "run "
            + run.name()
            + " of the same work was left "
            + (run.state() == RunState.RUNNING
                ? "unfinished by " + run.holder()
                : run.state().word())
            + "; go on with it: --run "
            + run.name()
            + " --resume; or begin anew, which pushes jobs without a unique key once more:"
            + " --again",
        null);
  }

  /**
   * Runs that are the same as the asked one by name, or by work where none is named; the last one
   * first.
   */
  private List<RunEntry> kin(Connection connection, Request request) throws SQLException {
    List<RunEntry> kin = new ArrayList<>();
    if (request.name() != null) {
      kin.addAll(find(connection, "r.name = ?", request.name()));
    } else if (request.work().isKnown()) {
      kin.addAll(find(connection, "r.work_hash = ?", request.work().hash()));
      if (kin.isEmpty() && request.intent() == Request.Intent.RESUME) {
        refuseChanged(connection, request.work());
      }
    } else if (request.intent() == Request.Intent.RESUME) {
      throw new LedgerException(
          "standard input does not tell which run it belongs to; name the run to go on with: --run"
              + " NAME --resume",
          null);
    }
    if (request.name() != null && request.work().isKnown()) {
      // The same work under another name must not be at work meanwhile.
      for (RunEntry other : find(connection, "r.work_hash = ?", request.work().hash())) {
        if (other.isHeld()) {
          throw busy(other);
        }
      }
    }
    return kin;
  }

  /**
   * An export that changed since its run stopped is other work; to begin with it by accident must
   * not be easy.
   */
  private void refuseChanged(Connection connection, Work work) throws SQLException {
    for (RunEntry run :
        find(connection, "r.state <> 'succeeded' AND r.target = ?", work.target())) {
      if (names(run.work()).equals(names(work)) && run.work().command().equals(work.command())) {
        requireSame(run, work);
      }
    }
  }

  private static List<String> names(Work work) {
    return work.inputs().stream().map(FileContent::name).toList();
  }

  private static LedgerException.Busy busy(RunEntry run) {
    return new LedgerException.Busy(
        "run " + run.name() + " is at work already: " + run.holder() + "; nothing was done");
  }

  private Start done(RunEntry run, Request request) {
    requireSame(run, request.work());
    return new Start(run, Start.Kind.DONE, null);
  }

  private Start begin(Connection connection, Request request) throws SQLException {
    String name = request.name() == null ? request.defaultName() : request.name();
    long id;
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO %s.run (name, command, target, mapping, work_hash, ids_millis, ids_tag, lanes, keeps_ids,
                                state, holder, lease_token, lease_until)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, clock_timestamp() + ? * interval '1 millisecond')
            RETURNING run_id
            """
                .formatted(schema))) {
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
      insert.setLong(12, LEASE.toMillis());
      try (ResultSet result = insert.executeQuery()) {
        result.next();
        id = result.getLong(1);
      }
    }
    writeInputs(connection, id, request.work());
    return new Start(
        find(connection, "r.run_id = ?", id).get(0), Start.Kind.BEGUN, request.token());
  }

  private void writeInputs(Connection connection, long id, Work work) throws SQLException {
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

  private Start resume(Connection connection, RunEntry run, Request request) throws SQLException {
    requireSame(run, request.work());
    if (run.lanes() != request.lanes()) {
      throw new LedgerException(
          "run "
              + run.name()
              + " began with "
              + run.lanes()
              + " lanes; resume it with --threads "
              + run.lanes()
              + ", or begin anew with --again",
          null);
    }
    if (request.keepsIds() && !run.keepsIds()) {
      throw new LedgerException(
          "run "
              + run.name()
              + " began without --outcomes, so the ledger has not kept what the file needs; resume"
              + " it without, or begin anew with --again",
          null);
    }
    // FOR UPDATE waits for transactions of the former holder that have marked themselves and not
    // yet ended.
    try (PreparedStatement take =
        connection.prepareStatement(
            """
            UPDATE %1$s.run
            SET state = 'running', message = NULL, ended = NULL, holder = ?, holder_since = clock_timestamp(),
                holder_pid = NULL, holder_backend_start = NULL, lease_token = ?,
                lease_until = clock_timestamp() + ? * interval '1 millisecond'
            WHERE run_id = (SELECT run_id FROM %1$s.run WHERE run_id = ? FOR UPDATE)
            """
                .formatted(schema))) {
      take.setString(1, request.holder());
      take.setObject(2, request.token());
      take.setLong(3, LEASE.toMillis());
      take.setLong(4, run.id());
      take.executeUpdate();
    }
    return new Start(
        find(connection, "r.run_id = ?", run.id()).get(0), Start.Kind.RESUMED, request.token());
  }

  private static void requireSame(RunEntry run, Work work) {
    Work before = run.work();
    requireSame(run, "command", before.command(), work.command());
    requireSame(run, "target", before.target(), work.target());
    requireSame(run, "mapping", before.mapping(), work.mapping());
    if (before.inputs().size() != work.inputs().size()) {
      throw changed(
          run, "has " + before.inputs().size() + " files", "there are " + work.inputs().size());
    }
    for (int i = 0; i < work.inputs().size(); i++) {
      FileContent was = before.inputs().get(i);
      FileContent is = work.inputs().get(i);
      if (was.isKnown() != is.isKnown()
          || was.size() != is.size()
          || !was.checksum().equals(is.checksum())) {
        throw changed(
            run,
            "has "
                + was.name()
                + " with "
                + was.size()
                + " bytes and checksum "
                + orUnknown(was.checksum()),
            is.name() + " has " + is.size() + " bytes and checksum " + orUnknown(is.checksum()));
      }
    }
  }

  private static String orUnknown(String checksum) {
    return checksum.isEmpty() ? "unknown" : checksum;
  }

  private static void requireSame(RunEntry run, String what, String was, String is) {
    if (!Objects.equals(was, is)) {
      throw changed(
          run,
          "has the " + what + " " + (was.isEmpty() ? "(none)" : was),
          "now it is " + (is.isEmpty() ? "(none)" : is));
    }
  }

  private static LedgerException changed(RunEntry run, String was, String is) {
    return new LedgerException(
        "run "
            + run.name()
            + " "
            + was
            + ", "
            + is
            + "; give it what it began with, or begin another run with --run NAME or --again",
        null);
  }

  private List<RunEntry> find(Connection connection, String condition, Object value)
      throws SQLException {
    String sql =
        "SELECT "
            + COLUMNS
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
          found.add(entry(connection, result));
        }
      }
      return found;
    }
  }

  private RunEntry entry(Connection connection, ResultSet row) throws SQLException {
    Timestamp ended = row.getTimestamp("ended");
    return new RunEntry(
        row.getLong("run_id"),
        row.getString("name"),
        new Work(
            row.getString("command"),
            row.getString("target"),
            row.getString("mapping"),
            inputs(connection, row.getLong("run_id"))),
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
            row.getLong("duplicate"),
            row.getLong("rejected"),
            row.getLong("retries")),
        row.getString("message"));
  }

  private List<FileContent> inputs(Connection connection, long run) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT name, size, hash FROM %s.input WHERE run_id = ? ORDER BY position"
                .formatted(schema))) {
      select.setLong(1, run);
      List<FileContent> inputs = new ArrayList<>();
      try (ResultSet result = select.executeQuery()) {
        while (result.next()) {
          inputs.add(new FileContent(result.getString(1), result.getLong(2), result.getString(3)));
        }
      }
      return inputs;
    }
  }

  /**
   * The runs that the ledger knows.
   *
   * @param name of the runs; null for all
   * @return the last 100, the last one first
   * @throws LedgerException when the ledger can't be read
   */
  public List<RunEntry> runs(String name) {
    try (Connection connection = connections.begin(WHO)) {
      return name == null
          ? find(connection, "r.run_id > ?", 0L)
          : find(connection, "r.name = ?", name);
    } catch (SQLException e) {
      throw new LedgerException(
          "the ledger in schema " + schemaName + " can't be read: " + said(e), e);
    }
  }

  /**
   * Takes part in a run that was started here.
   *
   * @param start how it was started
   * @return the holder's view
   */
  public Holding hold(Start start) {
    return new Holding(connections, schema, start);
  }
}
