package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.ledger.Finding;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Findings that take long to come about, or servers that are not at hand. */
@Tag("database")
class TargetCheckTest {
  private static List<String> transactions(TestDatabase where, Duration longTransaction) {
    try (Database database = Database.open(TestRun.spec(where), TestRun.LIMITS, 1)) {
      JobsTarget jobs = new JobsTarget(JobsTarget.DEFAULT_PREFIX, List.of(), Map.of());
      return new TargetCheck(database, jobs, 1, longTransaction)
          .look(null).stream()
              .filter(finding -> finding.subject().equals("transaction"))
              .map(finding -> finding.level().word() + " " + finding.text())
              .toList();
    }
  }

  @Test
  void aTransactionThatIsOpenForLongIsSeen() {
    TestDatabase database = TestServer.shared().database();
    Kind.JOBS.createTable(database);
    assertEquals(List.of(), transactions(database, Duration.ZERO));
    try (Session other = Session.open(database)) {
      other.run("SELECT count(*) FROM chancy_jobs");
      assertEquals(List.of(), transactions(database, TargetCheck.LONG_TRANSACTION));
      List<String> found = transactions(database, Duration.ZERO);
      assertEquals(1, found.size(), found::toString);
      assertTrue(found.get(0).startsWith("note process "), found::toString);
      assertTrue(found.get(0).contains("has a transaction open since"), found::toString);
      other.rollback();
    }
  }

  @Test
  void aPreparedTransactionThatNobodyEndsIsSeen() {
    try (TestServer server = TestServer.start(Map.of("max_prepared_transactions", "1"))) {
      TestDatabase database = server.database();
      Kind.JOBS.createTable(database);
      database.run("BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'left'");
      assertEquals(List.of(), transactions(database, TargetCheck.LONG_TRANSACTION));
      List<String> found = transactions(database, Duration.ZERO);
      assertEquals(1, found.size(), found::toString);
      assertTrue(
          found.get(0).startsWith("warning prepared transaction left is open"), found::toString);
      assertTrue(
          found.get(0).endsWith("COMMIT PREPARED 'left' or ROLLBACK PREPARED 'left'"),
          found::toString);
    }
  }

  @Test
  void versionsThatAreNotTestedAreNamed() {
    assertEquals(Finding.Level.WARNING, ServerCheck.version(14).level());
    assertEquals(Finding.Level.OK, ServerCheck.version(15).level());
    assertEquals(Finding.Level.OK, ServerCheck.version(18).level());
    assertEquals(Finding.Level.NOTE, ServerCheck.version(19).level());
  }
}
