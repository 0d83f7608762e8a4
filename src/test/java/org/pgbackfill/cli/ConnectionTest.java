package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;
import org.pgbackfill.testkit.Wait;
import org.pgbackfill.testkit.WorkFolder;

/** How a load gets to its server, and what it says when it does not. */
@Tag("database")
class ConnectionTest {
  private static final TestDatabase DATABASE = TestServer.shared().database();
  private static final int PORT = DATABASE.server().port();

  /** The only role that the server asks for a password. */
  private static final String ROLE = "porter";

  private static final String PASSWORD = "s3same-0pen";

  @TempDir Path path;
  private Path export;

  @BeforeAll
  static void makeRoleWithPassword() throws IOException {
    DATABASE.run(
        "CREATE ROLE "
            + ROLE
            + " LOGIN PASSWORD '"
            + PASSWORD
            + "';"
            + "GRANT CREATE ON SCHEMA public TO "
            + ROLE
            + "; GRANT CREATE ON DATABASE "
            + DATABASE.name()
            + " TO "
            + ROLE);
    Path rules = Path.of(DATABASE.rows("SHOW hba_file").get(0));
    String before = Files.readString(rules);
    Files.writeString(rules, "host all " + ROLE + " all scram-sha-256\n" + before);
    DATABASE.run("SELECT pg_reload_conf()");
    Wait.until("the server asks for the password", () -> !isLetInWithout());
  }

  private static boolean isLetInWithout() {
    String url = "jdbc:postgresql://localhost:" + PORT + "/" + DATABASE.name();
    try (var connection = DriverManager.getConnection(url, ROLE, "wrong")) {
      return true;
    } catch (SQLException e) {
      if (!"28P01".equals(e.getSQLState())) {
        throw new IllegalStateException(e);
      }
      return false;
    }
  }

  @BeforeEach
  void makeExport() {
    DATABASE.run("DROP TABLE IF EXISTS email_contacts");
    export =
        new WorkFolder(path)
            .write(
                "contacts.csv",
                "link_id,email_address\n7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f,ann@example.com\n");
  }

  private Cli.Result load(Cli cli, Object... args) {
    return new Arguments("contacts", export, "--create-table", "--threads", "1").and(args).run(cli);
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void aServerThatAcceptsAndSaysNothingIsGivenUp() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Cli.Result result =
          assertTimeoutPreemptively(
              Duration.ofSeconds(60),
              () ->
                  load(
                      new Cli().with("PGCONNECT_TIMEOUT", "1"),
                      "-h",
                      "localhost",
                      "-p",
                      silent.getLocalPort(),
                      "-U",
                      "ann"));
      assertEquals(1, result.status(), result::toString);
      assertTrue(result.err().startsWith("pgbackfill: no connection with host"), result::err);
    }
  }

  @Test
  void aTimeoutThatIsNoNumberIsToldByItsName() {
    Cli.Result result = load(new Cli(), "-d", "jdbc:postgresql://localhost/x?connectTimeout=abc");
    assertEquals(1, result.status(), result::toString);
    assertTrue(result.err().contains("connectTimeout parameter value must be"), result::err);
  }

  @Test
  void closedPortSaysWhereAndAsWhomAndWhatToCheck() throws IOException {
    int port = closedPort();
    Cli.Result result = load(new Cli(), "-h", "localhost", "-p", port, "-U", "ann", "-d", "shop");
    assertEquals(1, result.status(), result::toString);
    assertEquals("", result.out());
    assertEquals(
        "pgbackfill: no connection with host localhost, port "
            + port
            + ", user ann, database shop: 08001: Connection to localhost:"
            + port
            + " refused. Check that the hostname and port are correct and that the postmaster is"
            + " accepting TCP/IP connections; check that the server runs there and can be reached"
            + " (-h, -p, PGHOST, PGPORT, PGSSLMODE)\n",
        result.err());
  }

  @Test
  void missingDatabaseSaysSo() {
    Cli.Result result = load(Cli.on(DATABASE), "-d", "no_such_database");
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: no connection with host localhost, port "
            + PORT
            + ", user postgres, database no_such_database: 3D000: database \"no_such_database\""
            + " does not exist; check the database's name (-d or PGDATABASE)\n",
        result.err());
  }

  @Test
  void missingRoleSaysSo() {
    Cli.Result result = load(Cli.on(DATABASE), "-U", "nobody_here");
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: no connection with host localhost, port "
            + PORT
            + ", user nobody_here, database "
            + DATABASE.name()
            + ": 28000: role \"nobody_here\" does not exist; check the user, the password (-W,"
            + " PGPASSWORD or ~/.pgpass) and pg_hba.conf\n",
        result.err());
  }

  @Test
  void wrongPasswordSaysWhereItCanBeGiven() {
    Cli.Result result = load(Cli.on(DATABASE).with("PGPASSWORD", "not-" + PASSWORD), "-U", ROLE);
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: no connection with host localhost, port "
            + PORT
            + ", user porter, database "
            + DATABASE.name()
            + ": 28P01: password authentication failed for user \"porter\"; check the user, the"
            + " password (-W, PGPASSWORD or ~/.pgpass) and pg_hba.conf\n",
        result.err());
  }

  @Test
  void missingPasswordSaysWhereItCanBeGiven() {
    Cli.Result result = load(Cli.on(DATABASE), "-U", ROLE);
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: no connection with host localhost, port "
            + PORT
            + ", user porter, database "
            + DATABASE.name()
            + ": 08004: The server requested SCRAM-based authentication, but the password is an"
            + " empty string; check the password (-W, PGPASSWORD or ~/.pgpass), PGSSLMODE and"
            + " pg_hba.conf\n",
        result.err());
  }

  /** In every form that {@code -d} takes. */
  private static List<String> places(String host, int port, String user, String database) {
    return List.of(
        "postgresql://%s:%s@%s:%d/%s".formatted(user, PASSWORD, host, port, database),
        "postgres://%s:%d/%s?user=%s&password=%s".formatted(host, port, database, user, PASSWORD),
        "host=%s port=%d dbname=%s user=%s password='%s'"
            .formatted(host, port, database, user, PASSWORD),
        "jdbc:postgresql://%s:%d/%s?user=%s&password=%s"
            .formatted(host, port, database, user, PASSWORD));
  }

  @Test
  void everyFormOfPlaceGetsIn() {
    for (String place : places("localhost", PORT, ROLE, DATABASE.name())) {
      Cli.Result result = load(new Cli(), "-d", place);
      assertEquals(0, result.status(), () -> place + ": " + result);
      DATABASE.run("DROP TABLE email_contacts");
    }
    Cli.Result result =
        load(
            new Cli().with("PGPASSWORD", PASSWORD),
            "--host",
            "localhost",
            "--port",
            PORT,
            "--username",
            ROLE,
            "--dbname",
            DATABASE.name());
    assertEquals(0, result.status(), result::toString);
  }

  @Test
  void passwordIsAskedForOnlyWithTheOption() {
    Cli.Result asked = load(Cli.on(DATABASE).answering(PASSWORD), "-U", ROLE, "-W");
    assertEquals(0, asked.status(), asked::toString);
    assertEquals(1, load(Cli.on(DATABASE).answering(PASSWORD), "-U", ROLE).status());
    Cli.Result nobody = load(Cli.on(DATABASE), "-U", ROLE, "--password");
    assertEquals(2, nobody.status(), nobody::toString);
    assertEquals(
        "pgbackfill: -W: there is no terminal to ask for the password; give it with PGPASSWORD or"
            + " ~/.pgpass\n",
        nobody.err());
  }

  @Test
  void passwordFileIsRead() throws IOException {
    Path file = Files.writeString(path.resolve("pgpass"), "*:*:*:" + ROLE + ":" + PASSWORD + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Cli.Result result =
        load(Cli.on(DATABASE).with("PGPASSFILE", file.toString()).with("PGUSER", ROLE));
    assertEquals(0, result.status(), result::toString);
    assertEquals("", result.err());
  }

  @Test
  void passwordIsNeverPrinted() throws IOException {
    List<Cli.Result> results = new ArrayList<>();
    List<String> log =
        logged(
            () -> {
              for (String host : List.of("localhost", "127.0.0.1")) {
                List<String> all = new ArrayList<>();
                all.addAll(places(host, PORT, ROLE, DATABASE.name()));
                all.addAll(places(host, PORT, "nobody_here", DATABASE.name()));
                all.addAll(places(host, PORT, ROLE, "no_such_database"));
                all.addAll(places(host, closedPort(), ROLE, DATABASE.name()));
                for (String place : all) {
                  Cli cli = new Cli().with("PGPASSWORD", PASSWORD);
                  results.add(load(cli, "-d", place, "--verbose", "--output", "json"));
                }
              }
              results.add(load(Cli.on(DATABASE).answering(PASSWORD), "-W", "--verbose"));
              results.add(
                  load(
                      Cli.on(DATABASE).with("PGPASSWORD", PASSWORD),
                      "--verbose",
                      "--table",
                      "no.such.table"));
            });
    assertTrue(results.stream().anyMatch(r -> r.status() == 0));
    assertTrue(results.stream().filter(r -> r.status() == 1).count() >= 24, results::toString);
    assertEquals(List.of(), results.stream().filter(r -> r.toString().contains(PASSWORD)).toList());
    assertEquals(List.of(), log.stream().filter(line -> line.contains(PASSWORD)).toList());
  }

  /** Every way to write a password into a command line; the server asks this role for none. */
  private static List<List<String>> passwordsInCommandLines() {
    String uri = "localhost:" + PORT + "/" + DATABASE.name();
    String pairs = "host=localhost port=" + PORT + " user=postgres dbname=" + DATABASE.name();
    return List.of(
        List.of("-d", "postgresql://postgres:s3same%40x@" + uri),
        List.of("-d", "postgresql://:s3same@" + uri + "?user=postgres"),
        List.of("-dpostgresql://postgres:s3same@" + uri),
        List.of("--dbname=postgresql://postgres:s3same@" + uri),
        List.of("-d", "postgresql://" + uri + "?password=s3same&user=postgres"),
        List.of("-d", "postgresql://" + uri + "?user=postgres&p%61ssword=s3same"),
        List.of("-d", "postgresql://" + uri + "?user=postgres&password=s3same;x"),
        List.of("-d", pairs + " password=s3same"),
        List.of("-d", "password = s3same " + pairs),
        List.of("-d", "password='a \\' s3same' " + pairs),
        List.of("-d", "password=a\\ s3same " + pairs),
        List.of("-d", "password='a\\\\' " + pairs + " sslpassword=s3same"),
        List.of("-dpassword=s3same " + pairs),
        List.of("--dbname=password=s3same " + pairs),
        List.of("-d", "jdbc:postgresql://" + uri + "?user=postgres&password=s3same"),
        List.of("-d", "jdbc:postgresql://" + uri + "?password=a+s3same&user=postgres"));
  }

  @Test
  void commandThatGoesOnWithARunWorksAndHasNoPassword() throws IOException {
    Path bad = new WorkFolder(path).write("bad.csv", "link_id,email_address\n7,ann@example.com\n");
    for (List<String> place : passwordsInCommandLines()) {
      List<Object> words = new ArrayList<>(List.of("contacts", bad, "--create-table", "--again"));
      words.addAll(List.of("--max-rejects", "0", "--rejects", path.resolve("rejects.csv")));
      words.addAll(place);
      Cli.Result stopped = new Cli().run(words.toArray());
      assertEquals(4, stopped.status(), () -> place + ": " + stopped);
      assertFalse(stopped.toString().contains("s3same"), () -> place + ": " + stopped);
      String resume = stopped.out().lines().reduce((a, b) -> b).orElseThrow();
      assertTrue(
          resume.startsWith("pgbackfill contacts --run contacts-"), () -> place + ": " + stopped);
      assertTrue(resume.contains(" --resume "), () -> place + ": " + stopped);
      Cli.Result resumed = new Cli().run(shellWords(resume));
      assertEquals(4, resumed.status(), () -> resume + ": " + resumed);
    }
  }

  /** The words behind the program's name, as a shell takes the line apart. */
  private static Object[] shellWords(String line) throws IOException {
    Process shell =
        new ProcessBuilder("sh", "-c", "set -- " + line + "\nshift; printf '%s\\n' \"$@\"").start();
    return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
        .lines()
        .toArray();
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Everything that the libraries log meanwhile, at whatever level. */
  private static List<String> logged(Work work) throws IOException {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            lines.add(new SimpleFormatter().format(record));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    handler.setLevel(Level.ALL);
    Logger root = Logger.getLogger("");
    Level before = root.getLevel();
    root.setLevel(Level.ALL);
    root.addHandler(handler);
    try {
      work.run();
    } finally {
      root.removeHandler(handler);
      root.setLevel(before);
    }
    assertFalse(lines.isEmpty(), "nothing was logged at all: the test says nothing");
    return lines;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://ann:s3same-0pen@localhost:port/shop",
        "postgresql://ann:s3same-0pen@local host/shop",
        "postgresql://ann:s3same-0pen@x@localhost/shop",
        "postgresql://ann:s3same-0pen/x@localhost/shop",
        "postgresql://ann:s3same-0pen%zz@localhost/shop",
        "postgresql://localhost/shop?password=s3same-0pen&what=1",
        "host=localhost password=s3same-0pen what=1",
        "host=localhost password='s3same-0pen",
        "host=localhost password=a s3same-0pen",
        "jdbc:postgresql://localhost/shop?password=s3same-0pen&what=1",
        "jdbc:postgresql://localhost:port/shop?password=s3same-0pen",
        "jdbc:postgresql://ann:s3same-0pen@localhost/shop",
        "jdbc:mysql://ann:s3same-0pen@localhost/shop"
      })
  void placeThatMakesNoSenseIsRefusedWithoutItsPassword(String place) {
    Cli.Result result = load(new Cli(), "-d", place, "--verbose");
    assertEquals(2, result.status(), result::toString);
    assertEquals("", result.out());
    assertFalse(result.toString().contains(PASSWORD), result::toString);
    assertTrue(result.err().startsWith("pgbackfill: "), result::toString);
  }

  @Test
  void passwordTypedAsAnOptionsValueIsRefusedAndNotRepeated() {
    String tryHelp = "\nTry 'pgbackfill contacts --help'.\n";
    for (String option : List.of("--password=" + PASSWORD, "-W=" + PASSWORD)) {
      Cli.Result result = load(Cli.on(DATABASE).answering("x"), option);
      assertEquals(2, result.status(), result::toString);
      assertEquals(
          "pgbackfill: -W takes no value: it asks for the password; PGPASSWORD or ~/.pgpass can"
              + " give it"
              + tryHelp,
          result.err());
    }
    Cli.Result unknown = load(Cli.on(DATABASE), "--pgpassword=" + PASSWORD);
    assertEquals(2, unknown.status(), unknown::toString);
    assertEquals("pgbackfill: Unknown option: '--pgpassword'" + tryHelp, unknown.err());
  }
}
