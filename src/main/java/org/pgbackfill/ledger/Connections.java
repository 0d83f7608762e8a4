package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.SQLException;

/** Where the ledger's own transactions come from. */
public interface Connections {
  /**
   * Begins a transaction; closing the connection without a commit rolls back.
   *
   * @param who what a DBA sees as application_name
   * @return READ COMMITTED, to be closed by the caller
   * @throws SQLException when there is no connection to be had
   */
  Connection begin(String who) throws SQLException;

  /**
   * Opens a session of the caller's own beside the pool: as long as it is there, its owner lives.
   *
   * @return without autocommit, to be ended by the caller with {@link #end}
   * @throws SQLException when there is no connection to be had
   */
  Connection session() throws SQLException;

  /**
   * Gives the session's next transaction its own limits and name, whatever the server's defaults
   * are.
   *
   * @param session without autocommit, outside of a transaction
   * @param who what a DBA sees as application_name
   * @throws SQLException as any statement
   */
  void limit(Connection session, String who) throws SQLException;

  /**
   * Ends a session at once, also in the middle of a statement: a close could wait for a server that
   * does not answer.
   *
   * @param session null is none
   */
  static void end(Connection session) {
    try {
      if (session != null) {
        session.abort(Runnable::run);
      }
    } catch (SQLException e) {
      // It is gone either way.
    }
  }
}
