package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.Row;

/** The contacts' table; its arbiter is the unique index on (link_id, email_address). */
final class ContactsTable extends TargetTable {
  /**
   * The link's number takes a third off what the server needs for the query: it writes a uuid digit
   * by digit.
   */
  private static final String KEYS =
      """
      SELECT k.ordinal_::int, c.email_address::text
      FROM unnest('{%s}'::uuid[]) WITH ORDINALITY AS k (link_id, ordinal_)
      JOIN %s c ON c.link_id = k.link_id
      """;

  private final String probe;

  ContactsTable(ContactsTarget target, Catalog catalog, RowChanges.Order order) {
    super(target, catalog, "(link_id, email_address)", key(catalog), order);
    this.probe =
        """
        SELECT k.ordinal_, t.id, t.transaction_
        FROM unnest(?::text[], ?::text[]) WITH ORDINALITY AS k (link_id, email_address, ordinal_)
        -- LIMIT 1 keeps it one look into the index for each key
        CROSS JOIN LATERAL (SELECT c.id, %s AS transaction_
                            FROM %s c
                            WHERE c.link_id = k.link_id::uuid AND c.email_address = k.email_address::%s
                            LIMIT 1) t
        """
            .formatted(
                transactionSql(), catalog.name(), catalog.columns().get("email_address").type());
  }

  private static RowChanges.Key key(Catalog catalog) {
    return new RowChanges.Key(
        List.of(row -> row.link().toString(), Row::keyText),
        "c.link_id = r.key_0::uuid AND c.email_address = r.key_1::"
            + catalog.column("email_address").type(),
        "c.link_id, c.email_address COLLATE \"C\"");
  }

  @Override
  String arbiterHint() {
    return "CREATE UNIQUE INDEX CONCURRENTLY ON " + name() + " (link_id, email_address)";
  }

  @Override
  String keysSql(List<UUID> links) {
    return KEYS.formatted(
        links.stream().map(UUID::toString).collect(Collectors.joining(",")), name());
  }

  @Override
  Found[] probe(Connection connection, List<Row> rows, Probe probe) throws SQLException {
    Found[] found = new Found[rows.size()];
    try (PreparedStatement statement = connection.prepareStatement(this.probe)) {
      statement.setArray(
          1, texts(connection, rows.stream().map(r -> r.link().toString()).toArray(String[]::new)));
      statement.setArray(
          2, texts(connection, rows.stream().map(Row::keyText).toArray(String[]::new)));
      collect(statement, IntStream.range(0, rows.size()).toArray(), found);
    }
    return found;
  }
}
