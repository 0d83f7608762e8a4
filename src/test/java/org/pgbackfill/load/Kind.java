package org.pgbackfill.load;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.LockOrder;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;

/** What a test of locks loads; one text is the key of either, contacts are all of one link. */
enum Kind {
  CONTACTS("email_contacts", "email_address") {
    @Override
    Target target(List<SourceFile> files) {
      return new ContactsTarget(table(), files, Map.of(), null);
    }

    @Override
    String csv(List<String> keys) {
      return "link_id,email_address\n" + lines(keys, LINK + ",\"");
    }

    @Override
    void insert(Session session, String key) {
      session.run(
          "INSERT INTO email_contacts (id, link_id, email_address)"
              + " VALUES (gen_random_uuid(), ?::uuid, ?)",
          LINK,
          key);
    }
  },

  JOBS("chancy_jobs", "unique_key") {
    @Override
    Target target(List<SourceFile> files) {
      return new JobsTarget(JobsTarget.DEFAULT_PREFIX, files, Map.of());
    }

    @Override
    String csv(List<String> keys) {
      return "func,unique_key\n" + lines(keys, "app.sync,\"");
    }

    @Override
    void insert(Session session, String key) {
      session.run(
          "INSERT INTO chancy_jobs (id, queue, func, unique_key)"
              + " VALUES (gen_random_uuid(), 'default', 'app.sync', ?)",
          key);
    }
  };

  static final String LINK = "c0ffee00-0000-4000-8000-000000000001";

  private final String table;
  private final String key;

  Kind(String table, String key) {
    this.table = table;
    this.key = key;
  }

  abstract Target target(List<SourceFile> files);

  abstract String csv(List<String> keys);

  /** As another program would, in the session's open transaction. */
  abstract void insert(Session session, String key);

  private static String lines(List<String> keys, String before) {
    return keys.stream()
        .map(key -> before + key.replace("\"", "\"\"") + "\"\n")
        .collect(Collectors.joining());
  }

  String table() {
    return table;
  }

  /** The right one. */
  Comparator<Row> lockOrder() {
    return this == CONTACTS ? LockOrder.CONTACTS : LockOrder.JOBS;
  }

  /** A wrong one: the same keys as Java compares them. */
  Comparator<Row> javasOrder() {
    return this == CONTACTS
        ? Comparator.comparing(Row::link).thenComparing(Row::keyText)
        : Comparator.comparing(Row::keyText).thenComparing(Row::id);
  }

  /** None at all: as the records stand in the export. */
  static Comparator<Row> arrival() {
    return Comparator.comparingLong(row -> row.record().number());
  }

  TestRun run(TestDatabase where, List<String> keys, Comparator<Row> order, Duration retryTotal) {
    return new TestRun(where, csv(keys), this::target, order, retryTotal);
  }

  void createTable(TestDatabase where) {
    String header = csv(List.of()).strip();
    try (Database database = Database.open(TestRun.spec(where), TestRun.LIMITS, 1)) {
      Schema.create(
          database, target(List.of(new SourceFile(0, "stdin", List.of(header.split(","))))));
    }
  }

  /** The keys in the table, in the server's order of their bytes. */
  List<String> keysIn(TestDatabase where) {
    return where.rows("SELECT %1$s FROM %2$s ORDER BY %1$s COLLATE \"C\"".formatted(key, table));
  }
}
