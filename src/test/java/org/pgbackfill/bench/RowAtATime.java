package org.pgbackfill.bench;

import com.opencsv.CSVReader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;

/**
 * The push of a single client: a statement and a transaction for each row.
 *
 * <pre>
 * java -cp ... org.pgbackfill.bench.RowAtATime contacts|jobs FILE JDBC-URL
 * </pre>
 */
public final class RowAtATime {
  private RowAtATime() {}

  /**
   * Loads a file.
   *
   * @param args contacts or jobs, the file, the server
   */
  public static void main(String[] args) throws Exception {
    Upsert upsert = Upsert.of(args[0]);
    try (CSVReader reader = Upsert.open(Path.of(args[1]));
        Connection connection = DriverManager.getConnection(args[2]);
        PreparedStatement statement = connection.prepareStatement(upsert.ofOneRow())) {
      long number = 0;
      for (String[] fields = reader.readNext(); fields != null; fields = reader.readNext()) {
        String[] row = upsert.row(fields, ++number);
        for (int i = 0; i < row.length; i++) {
          statement.setString(i + 1, row[i]);
        }
        statement.execute();
      }
    }
  }
}
