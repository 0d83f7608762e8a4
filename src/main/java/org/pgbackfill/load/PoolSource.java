package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Gives the pool its connections: the one that has shown that the server answers, and then new
 * ones. A session's start and end take the server some of a core's time, so none is made only to
 * look. Safe between threads.
 */
final class PoolSource extends PGSimpleDataSource {
  private static final long serialVersionUID = 1L;

  /** So many times what connecting may take, the first login may: there can be several hosts. */
  private static final int LOGIN = 3;

  /** How long a server may take to say that it is there. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final transient AtomicReference<Connection> first;
  private final int serverVersion;
  private final String url;
  private final Properties properties;

  private PoolSource(Connection first, String url, Properties properties) throws SQLException {
    this.first = new AtomicReference<>(first);
    this.serverVersion = first.getMetaData().getDatabaseMajorVersion();
    this.url = url;
    this.properties = properties;
  }

  /**
   * Connects for the first time.
   *
   * @param spec where and as whom
   * @param properties of the connections
   * @return to be closed by the caller, behind the pool
   * @throws SQLException when the server can't be reached, refuses or does not answer
   */
  static PoolSource open(ConnectionSpec spec, Properties properties) throws SQLException {
    Connection first = DriverManager.getConnection(spec.url(), withLogin(spec, properties));
    if (!answers(first)) {
      first.close();
      throw new SQLException("the server does not answer", "08006");
    }
    return new PoolSource(first, spec.url(), properties);
  }

  private static boolean answers(Connection connection) throws SQLException {
    return connection.isValid((int) ANSWER.toSeconds());
  }

  /**
   * A server that accepts a connection and then says nothing is given up as well, where the
   * operator has not said that connecting may take for ever.
   */
  private static Properties withLogin(ConnectionSpec spec, Properties properties)
      throws SQLException {
    String word = PGProperty.LOGIN_TIMEOUT.getName();
    long login = (long) LOGIN * PGProperty.CONNECT_TIMEOUT.getInt(properties);
    Properties first = new Properties();
    first.putAll(properties);
    first.setProperty(word, spec.properties().getProperty(word, Long.toString(login)));
    return first;
  }

  /** The server's major version. */
  int serverVersion() {
    return serverVersion;
  }

  /**
   * The first one only as long as its server is there: a pool that begins with a dead one fails.
   */
  @Override
  public Connection getConnection() throws SQLException {
    Connection ready = first.getAndSet(null);
    if (ready != null) {
      if (answers(ready)) {
        return ready;
      }
      ready.close();
    }
    return DriverManager.getConnection(url, properties);
  }

  /** Closes the first one, if nobody has asked for it. */
  void close() {
    try (Connection left = first.getAndSet(null)) {
      // That is all.
    } catch (SQLException e) {
      // The server has ended it.
    }
  }
}
