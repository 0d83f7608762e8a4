package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** One question to a server, on a connection of its own. */
public final class Question {
  private Question() {}

  /**
   * Asks.
   *
   * @param spec where, and as whom
   * @param sql a query that gives one value
   * @return it, as text; null for NULL
   * @throws LoadException when the server does not answer
   */
  public static String ask(ConnectionSpec spec, String sql) {
    try (Connection connection = DriverManager.getConnection(spec.url(), spec.properties());
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      return result.next() ? result.getString(1) : null;
    } catch (SQLException e) {
      throw new LoadException("no answer from " + spec.describe() + ": " + Messages.of(e), e);
    }
  }
}
