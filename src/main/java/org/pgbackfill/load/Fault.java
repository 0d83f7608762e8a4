package org.pgbackfill.load;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;

/**
 * A classified database error. The SQLSTATE decides (PostgreSQL documentation, appendix A), never
 * the message's text.
 */
enum Fault {
  /** It may pass: try the same again. */
  TRANSIENT,
  /** A statement took too long or was cancelled: try less at once. */
  TIMEOUT,
  /** A row is refused: find it, and load the rest. */
  DATA,
  /** Nothing that trying again could mend. */
  FATAL;

  /**
   * The classes of the server's own errors besides. Any other is made up: a trigger may raise what
   * it likes.
   */
  private static final Set<String> SERVER =
      Set.of(
          "03", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "24", "25", "26", "27",
          "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "54", "55",
          "57", "58", "72", "F0", "HV", "XX");

  static Fault of(SQLException e) {
    String state = e.getSQLState();
    if (state == null || state.length() != 5) {
      // The pool gives up waiting for a connection without a SQLSTATE of its own.
      return e instanceof SQLTransientConnectionException ? TRANSIENT : FATAL;
    }
    return switch (state) {
      case "40001", "40P01" -> TRANSIENT; // serialization_failure, deadlock_detected
      case "55P03" -> TRANSIENT; // lock_not_available: lock_timeout
      // shut down, crashed, not yet up, dropped (a new connection tells), idle too long
      case "57P01", "57P02", "57P03", "57P04", "57P05" -> TRANSIENT;
      case "25P03" -> TRANSIENT; // idle_in_transaction_session_timeout
      case "57014" -> TIMEOUT; // query_canceled: statement_timeout
      case "54000", "54001", "54023" -> DATA; // a value that an index or the parser has no room for
      case "44000" -> DATA; // a view's check option
      default ->
          switch (state.substring(0, 2)) {
            case "08", "53" -> TRANSIENT; // connection, insufficient resources
            case "22", "23", "P0" -> DATA; // data exception, integrity constraint, PL/pgSQL's RAISE
            default -> SERVER.contains(state.substring(0, 2)) ? FATAL : DATA;
          };
    };
  }
}
