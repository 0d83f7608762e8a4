package org.pgbackfill.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.LogManager;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * A real PostgreSQL for tests: the newest that the project supports, or the one in the jar that the
 * system property {@code pgbackfill.test.postgres} names. It stops with the JVM.
 */
public final class TestServer implements AutoCloseable {
  static {
    // The server's own log would drown the tests' results.
    LogManager.getLogManager().reset();
  }

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static TestServer shared;

  private final EmbeddedPostgres postgres;

  private TestServer(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  /** The server that all tests of the JVM share; each takes a database of its own. */
  public static synchronized TestServer shared() {
    if (shared == null) {
      shared = start(Map.of());
    }
    return shared;
  }

  /** A server of one's own, to be stopped, starved or killed. */
  public static TestServer start(Map<String, String> settings) {
    try {
      return new TestServer(builder(settings).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The version that is tested with, and what all tests ask of it. */
  static EmbeddedPostgres.Builder builder(Map<String, String> settings) {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "off")
            .setServerConfig("max_connections", "200")
            .setServerConfig("deadlock_timeout", "100ms")
            .setLocaleConfig("locale", "C.UTF-8")
            .setLocaleConfig("encoding", "UTF8");
    settings.forEach(builder::setServerConfig);
    String jar = System.getProperty("pgbackfill.test.postgres");
    if (jar != null) {
      builder.setPgBinaryResolver((system, machine) -> binaries(Path.of(jar)));
    }
    return builder;
  }

  private static InputStream binaries(Path jar) throws IOException {
    ZipInputStream zip = new ZipInputStream(Files.newInputStream(jar));
    for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
      if (entry.getName().endsWith(".txz")) {
        return zip;
      }
    }
    throw new IOException("no PostgreSQL in " + jar);
  }

  /** A new, empty database. */
  public TestDatabase database() {
    return database("");
  }

  /** A new, empty database with more to say about it, such as a collation. */
  public TestDatabase database(String options) {
    return create("TEMPLATE template0 " + options);
  }

  TestDatabase create(String options) {
    String name = "test_" + NUMBER.incrementAndGet();
    try (Connection connection = connect("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name + " " + options);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new TestDatabase(this, name);
  }

  Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(postgres.getJdbcUrl("postgres", database));
  }

  /** The port on localhost; the user is postgres, and every password is good. */
  public int port() {
    return postgres.getPort();
  }

  /** Stops the server. */
  @Override
  public void close() {
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
