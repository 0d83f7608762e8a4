package org.pgbackfill.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.List;
import java.util.Map;

/**
 * What a chunk's transaction says of itself, in the transaction that writes the rows. Safe between
 * threads; the connection is the caller's.
 */
public interface Marks {
  /** No ledger: a transaction is known by its number alone, and by nothing after the run. */
  Marks NONE =
      new Marks() {
        @Override
        public long partly(
            Connection connection, int lane, long lastRecord, Map<Long, Outcome> settled)
            throws SQLException {
          return currentTransaction(connection);
        }

        @Override
        public long complete(
            Connection connection, int lane, long lastRecord, List<Outcome> outcomes)
            throws SQLException {
          return currentTransaction(connection);
        }

        @Override
        public boolean isIn(Connection connection, int lane, long transaction) throws SQLException {
          Marks.requireEnded(connection, transaction);
          return false;
        }
      };

  /**
   * Marks a transaction after which some of the chunk's records are still open.
   *
   * @param connection in the transaction that has written the rows
   * @param lane the chunk's
   * @param lastRecord the number of the chunk's last record
   * @param settled what this transaction has settled, by the records' numbers, and no earlier one
   *     has told: after it a record's row may not show any more what became of the record
   * @return the transaction's number, 64 bits
   * @throws SQLException as any statement
   * @throws LedgerException.LeaseLost when the run is somebody else's by now
   */
  long partly(Connection connection, int lane, long lastRecord, Map<Long, Outcome> settled)
      throws SQLException;

  /**
   * Marks the chunk as in, with all records before it.
   *
   * @param connection in the transaction that has written the last rows
   * @param lane the chunk's
   * @param lastRecord the number of the chunk's last record
   * @param outcomes one for each record of the chunk, in input order
   * @return the transaction's number, 64 bits; 0 when there is no ledger and nothing was written
   * @throws SQLException as any statement
   * @throws LedgerException.LeaseLost when the run is somebody else's by now
   */
  long complete(Connection connection, int lane, long lastRecord, List<Outcome> outcomes)
      throws SQLException;

  /**
   * Whether a transaction whose COMMIT was never answered is in, as far as its own mark can tell.
   *
   * <p>The server's word on the number alone (pg_xact_status) does not do: a transaction that is
   * lost when the server crashes leaves no trace, and its number is given to another one.
   *
   * @param connection another one
   * @param lane the chunk's
   * @param transaction its number
   * @return true when it was committed; false when it never will be, or nobody marked it: then its
   *     rows have to be looked for
   * @throws SQLException as any statement; transient while the server is still at it
   */
  boolean isIn(Connection connection, int lane, long transaction) throws SQLException;

  /**
   * Makes sure that a transaction has come to its end, whichever.
   *
   * @param connection another one
   * @param transaction its number
   * @throws SQLException as any statement; transient while the server is still at it
   */
  static void requireEnded(Connection connection, long transaction) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT EXISTS (SELECT FROM pg_locks
                           -- every transaction with a number holds this lock on itself to its end
                           WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'
                             AND transactionid = ?::text::xid)
            """)) {
      statement.setString(1, Long.toString(transaction & 0xFFFFFFFFL));
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        if (result.getBoolean(1)) {
          throw new SQLTransientException("the lost transaction has not ended yet", "55P03");
        }
      }
    }
  }

  private static long currentTransaction(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT coalesce(pg_current_xact_id_if_assigned()::text, '0')");
        ResultSet result = statement.executeQuery()) {
      result.next();
      return Long.parseUnsignedLong(result.getString(1));
    }
  }
}
