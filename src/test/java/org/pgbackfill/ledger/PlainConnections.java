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
    return request("lost", "t");
  }

  /**
   * For a run of contacts.
   *
   * @param name null for the default, which is {@code contacts-now}
   * @param target into what; another one is other work
   */
  static Ledger.Request request(String name, String target) {
    return new Ledger.Request(
        name,
        "contacts-now",
        new Work("contacts", target, "", List.of()),
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
