package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.MortalServer;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** What a check finds about a server: each on servers that have that much wrong with them. */
@Tag("database")
class CheckServerTest {
  private static final String EXPORT =
      "link_id,email_address\n7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f,ann@example.com\n";

  private static TestServer server;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    // Accounts that wait for nobody are not stopped by a standby that is not there.
    server =
        TestServer.start(
            Map.of(
                "autovacuum", "off",
                "archive_mode", "on",
                "archive_command", "false",
                "synchronous_commit", "local",
                "synchronous_standby_names", "nobody",
                "max_connections", "20"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static TestDatabase withTable(TestServer where, Path folder) {
    TestDatabase database = where.database();
    Cli.Result made =
        Cli.on(database)
            .json(
                "contacts",
                Load.write(folder.resolve("none.csv"), "link_id,email_address\n"),
                "--create-table",
                "--no-ledger");
    assertEquals(0, made.status(), made::toString);
    return database.run(
        "ANALYZE email_contacts; ALTER DATABASE "
            + database.name()
            + " SET synchronous_commit = local");
  }

  private static List<String> findings(Cli.Result check) {
    return check
        .out()
        .lines()
        .map(line -> line.replaceAll(" +", " "))
        .filter(line -> line.matches("(note|warning|error) .*"))
        .toList();
  }

  private static void assertHas(String start, Cli.Result check) {
    assertTrue(findings(check).stream().anyMatch(line -> line.startsWith(start)), check::toString);
  }

  private static void assertHasNot(String start, Cli.Result check) {
    assertTrue(findings(check).stream().noneMatch(line -> line.startsWith(start)), check::toString);
  }

  @Test
  void aServerWithItsDefaultsHasNothingToSay() {
    Cli.Result check = Cli.on(withTable(TestServer.shared(), folder)).run("check", "contacts");
    assertEquals(List.of(), findings(check), check::toString);
    assertTrue(check.out().contains(" a load would work: 0 errors, 0 warnings, 0 notes\n"));
  }

  @Test
  void autovacuumThatIsOffAndAnArchiverThatFailsAreSeen() {
    TestDatabase database = withTable(server, folder);
    var unused = database.run("SELECT pg_switch_wal()");
    Wait.until(
        "archiving has failed",
        () -> database.number("SELECT failed_count FROM pg_stat_archiver") > 0);
    Cli.Result check = Cli.on(database).run("check", "contacts");
    assertHas("warning archive archiving fails (", check);
    assertHas("warning autovacuum autovacuum is off for the whole server", check);
    assertEquals(0, check.status(), check::toString);
  }

  @Test
  void moreConnectionsThanThereAreShow() {
    TestDatabase database = withTable(server, folder);
    assertHasNot("warning connections", Cli.on(database).run("check", "contacts"));
    assertHas(
        "warning connections the server gives ",
        Cli.on(database).run("check", "contacts", "--threads", "30"));
  }

  @Test
  void aSlotWithoutAReaderIsSeen() {
    TestDatabase database = withTable(server, folder);
    var unused = database.run("SELECT pg_create_physical_replication_slot('idle', true)");
    Cli.Result check = Cli.on(database).run("check", "contacts");
    assertHas("warning replicas replication slot idle has no reader", check);
    var unused2 = database.run("SELECT pg_drop_replication_slot('idle')");
    assertHasNot("warning replicas", Cli.on(database).run("check", "contacts"));
  }

  @Test
  void replicasAreSeenWithTheirLagOrWithoutTheRight() throws SQLException {
    TestDatabase database = withTable(TestServer.shared(), folder);
    String role = "reader_" + database.name();
    var unused =
        database.run(
            "CREATE ROLE %1$s LOGIN; GRANT SELECT, INSERT ON email_contacts TO %1$s"
                .formatted(role));
    Cli account = Cli.on(database).with("PGUSER", role);
    assertHasNot("note replicas", account.run("check", "contacts", "--no-ledger"));
    try (Connection replica = replica(database);
        PGReplicationStream stream = follow(replica)) {
      Wait.until(
          "the replica is seen",
          () -> database.number("SELECT count(*) FROM pg_stat_replication") == 1);
      Cli.Result unseen = account.run("check", "contacts", "--no-ledger");
      assertHas(
          "note replicas there are replicas, whose lag this account may not see; GRANT pg_monitor"
              + " TO "
              + role,
          unseen);
      assertEquals(0, unseen.status());
      assertHas(
          "note replicas follower (streaming, async) is ",
          Cli.on(database).run("check", "contacts"));
    }
  }

  private static Connection replica(TestDatabase database) throws SQLException {
    Properties properties = new Properties();
    PGProperty.USER.set(properties, "postgres");
    PGProperty.REPLICATION.set(properties, "true");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "15");
    PGProperty.APPLICATION_NAME.set(properties, "follower");
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:" + database.server().port() + "/", properties);
  }

  private static PGReplicationStream follow(Connection replica) throws SQLException {
    try (Statement statement = replica.createStatement();
        var result = statement.executeQuery("IDENTIFY_SYSTEM")) {
      result.next();
      return replica
          .unwrap(PGConnection.class)
          .getReplicationAPI()
          .replicationStream()
          .physical()
          .withStartPosition(LogSequenceNumber.valueOf(result.getString("xlogpos")))
          .start();
    }
  }

  @Test
  void aCommitThatWouldWaitForNobodyIsRefused() {
    TestDatabase database = withTable(server, folder);
    String role = "waiter_" + database.name();
    var unused =
        database.run(
            """
            CREATE ROLE %1$s LOGIN; ALTER ROLE %1$s SET synchronous_commit = on;
            GRANT SELECT, INSERT ON email_contacts TO %1$s; GRANT pg_monitor TO %1$s
            """
                .formatted(role));
    Cli account = Cli.on(database).with("PGUSER", role);
    Cli.Result check = account.run("check", "contacts", "--no-ledger");
    String message = "a COMMIT would wait for ever: no standby of synchronous_standby_names";
    assertHas("error server " + message, check);
    assertHas("note server each COMMIT waits for synchronous_standby_names = nobody", check);
    assertEquals(1, check.status(), check::toString);
    Cli.Result load =
        account.run(
            "contacts",
            Load.write(folder.resolve("a.csv"), EXPORT),
            "--no-ledger",
            "--progress",
            "none");
    assertEquals(1, load.status(), load::toString);
    assertTrue(load.err().contains(message), load::toString);

    // The control: an account that does not wait has nothing to fear.
    assertHasNot("error server", Cli.on(database).run("check", "contacts"));
  }

  @Test
  void aReplicaIsRefused() throws IOException {
    try (MortalServer primary = MortalServer.start(folder)) {
      Cli cli =
          new Cli()
              .with("PGHOST", "localhost")
              .with("PGPORT", Integer.toString(primary.port()))
              .with("PGUSER", "postgres")
              .with("PGDATABASE", "postgres");
      Path export = Load.write(folder.resolve("a.csv"), EXPORT);
      assertEquals(0, cli.run("contacts", export, "--create-table", "--progress", "none").status());
      assertEquals(0, cli.run("check", "contacts").status());
      primary.close();
      var unused = Files.createFile(folder.resolve("data/standby.signal"));
      primary.start();

      String message = "the server is a replica in recovery, which can't be written";
      Cli.Result check = cli.run("check", "contacts");
      assertHas("error server " + message, check);
      assertEquals(1, check.status());
      Cli.Result load = cli.run("contacts", export, "--progress", "none");
      assertEquals(1, load.status(), load::toString);
      assertTrue(load.err().contains(message), load::toString);
      assertEquals(1, load.err().lines().count(), load::toString);
    }
  }
}
