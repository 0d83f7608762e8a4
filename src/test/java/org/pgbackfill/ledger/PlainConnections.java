package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.pgbackfill.testkit.TestDatabase;

/** Connections without limits of their own. */
class PlainConnections implements Connections {
  private final TestDatabase database;

  PlainConnections(TestDatabase database) {
    this.database = database;
  }

  /** For a run of contacts. */
  static Ledger.Request request() {
    return new Ledger.Request(
        "lost",
        "lost",
        new Work("contacts", "t", "", List.of()),
        Ledger.Request.Intent.PLAIN,
        RunIds.of(Instant.now(), 1),
        2,
        true,
        "the test",
        UUID.randomUUID());
  }

  @Override
  public Connection begin(String who) throws SQLException {
    Connection connection = database.connect();
    connection.setAutoCommit(false);
    return connection;
  }

  @Override
  public Connection session() throws SQLException {
    return begin("");
  }

  @Override
  public void limit(Connection session, String who) {}
}
