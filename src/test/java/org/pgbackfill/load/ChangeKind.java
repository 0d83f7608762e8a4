package org.pgbackfill.load;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.JobUpdatesTarget;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;

/** What a test of locks changes; one text is the key of either. */
enum ChangeKind {
  OVERWRITE(Kind.CONTACTS) {
    @Override
    Target target(List<SourceFile> files) {
      return contacts(files, OnExisting.OVERWRITE);
    }
  },

  FILL(Kind.CONTACTS) {
    @Override
    Target target(List<SourceFile> files) {
      return contacts(files, OnExisting.FILL);
    }
  },

  JOBS_BY_KEY(Kind.JOBS) {
    @Override
    Target target(List<SourceFile> files) {
      return new JobUpdatesTarget(JobsTarget.DEFAULT_PREFIX, files, Map.of(), null);
    }
  },

  JOBS_BY_ID(Kind.JOBS) {
    @Override
    Target target(List<SourceFile> files) {
      return new JobUpdatesTarget(JobsTarget.DEFAULT_PREFIX, files, Map.of(), null);
    }

    @Override
    String csv(TestDatabase where, List<String> keys, int number) {
      Map<String, String> ids =
          where.rows("SELECT unique_key, id FROM chancy_jobs").stream()
              .collect(
                  Collectors.toMap(
                      row -> row.substring(0, row.lastIndexOf('|')),
                      row -> row.substring(row.lastIndexOf('|') + 1)));
      return "id,attempts\n"
          + keys.stream()
              .map(key -> ids.get(key) + "," + number + "\n")
              .collect(Collectors.joining());
    }
  };

  private static final String CONTACTS_ORDER = "link_id, email_address COLLATE \"C\"";
  private static final String JOBS_ORDER = "coalesce(unique_key, '') COLLATE \"C\", id";

  final Kind kind;

  ChangeKind(Kind kind) {
    this.kind = kind;
  }

  abstract Target target(List<SourceFile> files);

  private static Target contacts(List<SourceFile> files, OnExisting onExisting) {
    return new ContactsTarget(Kind.CONTACTS.table(), files, Map.of(), null, onExisting);
  }

  /** Changes of these to what this number makes of them. */
  String csv(TestDatabase where, List<String> keys, int number) {
    boolean contacts = kind == Kind.CONTACTS;
    return (contacts ? "link_id,email_address,name\n" : "unique_key,attempts\n")
        + keys.stream()
            .map(
                key ->
                    (contacts ? Kind.LINK + "," : "")
                        + ("\"" + key.replace("\"", "\"\"") + "\"," + number + "\n"))
            .collect(Collectors.joining());
  }

  /** The column of the key. */
  String key() {
    return kind == Kind.CONTACTS ? "email_address" : "unique_key";
  }

  private String change() {
    return kind == Kind.CONTACTS ? "name = NULL" : "attempts = 0, state = 'running'";
  }

  /** As a live program that does one row in a transaction. */
  String updateOne() {
    return "UPDATE %s SET %s WHERE %s = ?".formatted(kind.table(), change(), key());
  }

  /** As a live program that does many, and sorts them. */
  String updateMany() {
    return """
    WITH l AS MATERIALIZED (
      SELECT id FROM %1$s WHERE %2$s = ANY (?) ORDER BY %3$s FOR NO KEY UPDATE)
    UPDATE %1$s c SET %4$s FROM l WHERE c.id = l.id
    """
        .formatted(
            kind.table(), key(), kind == Kind.CONTACTS ? CONTACTS_ORDER : JOBS_ORDER, change());
  }

  Comparator<Row> lockOrder() {
    return kind.lockOrder();
  }

  /** A table with a row for each. */
  void createRows(TestDatabase database, List<String> keys) {
    kind.createTable(database);
    try (Session session = Session.open(database)) {
      keys.forEach(key -> kind.insert(session, key));
      session.commit();
    }
  }

  TestRun run(TestDatabase where, String csv, Comparator<Row> order, Duration retryTotal) {
    return new TestRun(where, csv, this::target, order, retryTotal);
  }
}
