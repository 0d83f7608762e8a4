package org.pgbackfill.load;

import java.sql.SQLException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The server's words for an operator, on one line and with the SQLSTATE in front. */
final class Messages {
  private Messages() {}

  static String of(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    StringBuilder text = new StringBuilder();
    if (e.getSQLState() != null) {
      text.append(e.getSQLState()).append(": ");
    }
    if (server == null) {
      // The driver ends its sentences; here they go on.
      return text.append(oneLine(e.getMessage()).replaceFirst("\\.$", "")).toString();
    }
    text.append(oneLine(server.getMessage()));
    append(text, server.getDetail());
    append(text, server.getHint());
    return text.toString();
  }

  private static void append(StringBuilder text, String more) {
    if (more != null) {
      text.append("; ").append(oneLine(more));
    }
  }

  private static String oneLine(String text) {
    return text == null ? "no message" : text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
