package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.MortalServer;
import org.pgbackfill.testkit.Wait;

/** A load beside a real streaming replica whose replay is paused, and goes on. */
@Tag("database")
class ReplicaTest {
  @TempDir Path folder;
  private Path export;

  private static String ask(MortalServer server, String sql) {
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static void awaitReplay(MortalServer primary) {
    Wait.until(
        "the replica has replayed everything",
        () ->
            ask(
                    primary,
                    "SELECT count(*) FROM pg_stat_replication"
                        + " WHERE replay_lsn >= pg_current_wal_flush_lsn()")
                .equals("1"));
  }

  private static Cli cli(MortalServer server) {
    return new Cli()
        .with("PGHOST", "localhost")
        .with("PGPORT", Integer.toString(server.port()))
        .with("PGUSER", "postgres")
        .with("PGDATABASE", "postgres");
  }

  private Object[] words(String table, Object... more) {
    return Load.with(
        more,
        "contacts",
        export,
        "--table",
        table,
        "--create-table",
        "--chunk-size",
        "50",
        "--again",
        "--rejects",
        folder.resolve(table + "-rejects.csv"));
  }

  private static String content(MortalServer server, String table) {
    return ask(
        server,
        "SELECT count(*) || ' ' || md5(string_agg(c::text, ',' ORDER BY c)) FROM"
            + " (SELECT link_id, email_address, name FROM "
            + table
            + ") c");
  }

  @Test
  void aReplicaThatReplaysNothingHoldsTheLoadUntilItReplaysAgain() throws IOException {
    export = Load.write(folder.resolve("contacts.csv"), Load.export(Load.Kind.CONTACTS, 1000, 7));
    Path first = Files.createDirectory(folder.resolve("primary"));
    Path second = Files.createDirectory(folder.resolve("replica"));
    try (MortalServer primary = MortalServer.start(first);
        MortalServer replica = primary.replica(second)) {
      Cli.Result undisturbed = cli(primary).json(words("undisturbed"));
      assertEquals(3, undisturbed.status(), undisturbed::toString);
      awaitReplay(primary);
      String unused = ask(replica, "SELECT pg_wal_replay_pause()");
      // Something to replay, that can't be. A first look goes by what the server says.
      Wait.until(
          "the server says that the replica is behind",
          () -> {
            String unused2 = ask(primary, "SELECT pg_logical_emit_message(true, 'a', 'b')");
            return ask(primary, "SELECT replay_lag > interval '2 seconds' FROM pg_stat_replication")
                .equals("t");
          });

      Cli held = cli(primary);
      Background<Cli.Result> load =
          Background.start(() -> held.json(words("held", "--max-lag", "1s")));
      held.awaitSaid("pgbackfill: held: lag ");
      held.awaitSaid(" s > 1.0 s");
      assertEquals("0", ask(primary, "SELECT count(*) FROM held"));
      String unused3 = ask(replica, "SELECT pg_wal_replay_resume()");
      Cli.Result end = load.join();

      assertEquals(3, end.status(), end::toString);
      held.awaitSaid("goes on; held for ");
      assertEquals(content(primary, "undisturbed"), content(primary, "held"));
      assertTrue(Double.parseDouble(end.field("replica_lag_seconds")) >= 1, end::toString);
      assertTrue(end.out().contains("\"held_seconds_by\":{\"lag\":"), end::toString);

      // The control: a load that does not ask is through while the replica replays nothing.
      String unused4 = ask(replica, "SELECT pg_wal_replay_pause()");
      Cli.Result reckless = cli(primary).json(words("reckless"));
      assertEquals(3, reckless.status(), reckless::toString);
      assertEquals(content(primary, "undisturbed"), content(primary, "reckless"));
    }
  }
}
