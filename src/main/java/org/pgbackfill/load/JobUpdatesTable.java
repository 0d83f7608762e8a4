package org.pgbackfill.load;

import java.sql.Connection;
import java.util.List;
import java.util.UUID;
import org.pgbackfill.target.JobUpdatesTarget;
import org.pgbackfill.target.JobUpdatesTarget.By;
import org.pgbackfill.target.Row;

/** The queue's table, of which jobs are changed; nothing is inserted. */
final class JobUpdatesTable extends TargetTable {
  private static final String BY_ID = "c.id = r.key_0::uuid";
  private static final String BY_KEY =
      "c.unique_key = r.key_0 AND c.unique_key IS NOT NULL AND c.state NOT IN ('succeeded',"
          + " 'failed')";
  private static final String ORDER = "coalesce(c.unique_key, '') COLLATE \"C\", c.id";

  private final By by;

  JobUpdatesTable(JobUpdatesTarget target, Catalog catalog, RowChanges.Order order) {
    super(target, catalog, null, key(target.by()), order);
    this.by = target.by();
  }

  private static RowChanges.Key key(By by) {
    return by == By.ID
        ? new RowChanges.Key(List.of(row -> row.id().toString()), BY_ID, ORDER)
        : new RowChanges.Key(List.of(Row::keyText), BY_KEY, ORDER);
  }

  @Override
  String missing(Row row) {
    return by == By.ID
        ? "there is no job with id " + row.id()
        : "there is no active job with unique_key \"" + row.keyText() + "\"";
  }

  /** Whether a job is active decides about its key, so that each record is applied by itself. */
  @Override
  boolean folds() {
    return false;
  }

  @Override
  String arbiterHint() {
    throw new IllegalStateException("nothing is inserted");
  }

  @Override
  Found[] probe(Connection connection, List<Row> rows, Probe probe) {
    throw new IllegalStateException("rows are compared, not looked for");
  }

  @Override
  String keysSql(List<UUID> links) {
    throw new IllegalStateException("keys are not remembered");
  }
}
