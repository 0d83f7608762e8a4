package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A DBA makes the ledger, and an account that has only what it needs loads. */
@Tag("database")
class RightsTest {
  private static final String[][] RIGHTS = {
    {"USAGE ON SCHEMA", "pgbackfill"},
    {"SELECT ON", "pgbackfill.version"},
    {"SELECT ON", "pgbackfill.run"},
    {"INSERT ON", "pgbackfill.run"},
    {"UPDATE ON", "pgbackfill.run"},
    {"SELECT ON", "pgbackfill.input"},
    {"INSERT ON", "pgbackfill.input"},
    {"SELECT ON", "pgbackfill.mark"},
    {"INSERT ON", "pgbackfill.mark"},
    {"DELETE ON", "pgbackfill.mark"},
    {"SELECT ON", "pgbackfill.steering"},
    {"UPDATE ON", "pgbackfill.steering"},
  };

  @TempDir Path folder;
  private Load jobs;
  private String role;

  @BeforeEach
  void account() {
    jobs = new Load(Load.Kind.JOBS, folder).generate(100);
    role = "loader_" + jobs.database.name();
    var unused =
        jobs.database.run(
            "CREATE ROLE %1$s LOGIN; GRANT SELECT, INSERT ON chancy_jobs TO %1$s".formatted(role));
  }

  private Cli.Result load(Object... more) {
    return jobs.run(Cli.on(jobs.database).with("PGUSER", role), more);
  }

  private void makeLedger() {
    Cli.Result ddl = new Cli().run("ledger", "--account", role);
    assertEquals(0, ddl.status());
    var unused = jobs.database.run(ddl.out());
  }

  @Test
  void anAccountThatMayNotMakeTheLedgerIsToldWhoMay() {
    Cli.Result end = load();
    assertEquals(1, end.status(), end::toString);
    assertEquals(
        "pgbackfill: the ledger in schema pgbackfill can't be used: 42501: permission denied"
            + " for database "
            + jobs.database.name()
            + "; a DBA can make it with what pgbackfill ledger prints, or load without it with"
            + " --no-ledger\n",
        end.err());
    assertEquals(3, load("--no-ledger").status());
  }

  @Test
  void aSchemaThatADbaHasMadeTakesTheRightToMakeTablesThere() {
    var unused = jobs.database.run("CREATE SCHEMA pgbackfill");
    Cli.Result refused = load();
    assertEquals(1, refused.status(), refused::toString);
    String grant = "GRANT CREATE, USAGE ON SCHEMA pgbackfill TO " + role;
    assertEquals(
        "pgbackfill: the ledger in schema pgbackfill can't be used: role "
            + role
            + " lacks rights; a DBA can give them: "
            + grant
            + "\n",
        refused.err());
    assertEquals(0, jobs.rows());
    var unused2 = jobs.database.run(grant);
    Cli.Result end = load();
    assertEquals(3, end.status(), end::toString);
    assertEquals(end.count("inserted"), jobs.rows());
  }

  @Test
  void severalRightsThatAreMissingAreToldAtOnceToBePasted() {
    makeLedger();
    var unused =
        jobs.database.run(
            """
            REVOKE USAGE ON SCHEMA pgbackfill FROM %1$s;
            REVOKE INSERT, UPDATE ON pgbackfill.run FROM %1$s;
            REVOKE DELETE ON pgbackfill.mark FROM %1$s
            """
                .formatted(role));
    Cli.Result refused = load();
    assertEquals(1, refused.status(), refused::toString);
    String said = "a DBA can give them: ";
    var unused2 =
        jobs.database.run(refused.err().substring(refused.err().indexOf(said) + said.length()));
    assertEquals(3, load().status());
  }

  @Test
  void exactlyTheseRightsAreEnoughAndEachIsNeeded() {
    makeLedger();
    for (String[] right : RIGHTS) {
      String object = right[0] + " " + right[1];
      var unused = jobs.database.run("REVOKE " + object + " FROM " + role);
      Cli.Result end = load("--run", "n");
      assertEquals(1, end.status(), () -> object + "\n" + end);
      assertEquals(
          "pgbackfill: the ledger in schema pgbackfill can't be used: role "
              + role
              + " lacks rights; a DBA can give them: GRANT "
              + object
              + " TO "
              + role
              + "\n",
          end.err());
      var unused2 = jobs.database.run("GRANT " + object + " TO " + role);
    }
    assertEquals(0, jobs.rows());
    assertEquals(0, jobs.database.number("SELECT count(*) FROM pgbackfill.run"));

    assertEquals(4, load("--run", "n", "--max-rejects", "0").status());
    assertEquals(3, load("--run", "n", "--resume").status());
    assertEquals(0, load("--run", "n").status());
    jobs.traces(load("--run", "n", "--again")); // nothing left out
  }

  @Test
  void theTablesRightsAreAskedForAsWell() {
    makeLedger();
    for (String right : new String[] {"SELECT", "INSERT"}) {
      var unused = jobs.database.run("REVOKE " + right + " ON chancy_jobs FROM " + role);
      Cli.Result end = load();
      assertEquals(1, end.status(), () -> right + "\n" + end);
      assertEquals(1, end.err().lines().count(), end::toString);
      assertTrue(
          end.err()
              .endsWith(
                  "lacks %1$s on public.chancy_jobs; GRANT %1$s ON public.chancy_jobs TO %2$s\n"
                      .formatted(right, role)),
          end::toString);
      var unused2 = jobs.database.run("GRANT " + right + " ON chancy_jobs TO " + role);
    }
    assertEquals(0, jobs.rows());
  }

  @Test
  void readingTheLedgerTakesLess() {
    assertEquals(3, jobs.run().status());
    var unused =
        jobs.database.run(
            """
            GRANT USAGE ON SCHEMA pgbackfill TO %1$s;
            GRANT SELECT ON pgbackfill.version, pgbackfill.run, pgbackfill.steering TO %1$s
            """
                .formatted(role));
    Cli reader = Cli.on(jobs.database).with("PGUSER", role);
    Cli.Result refused = reader.run("runs");
    assertEquals(1, refused.status());
    assertTrue(
        refused.err().endsWith("GRANT SELECT ON pgbackfill.input TO " + role + "\n"),
        refused::toString);
    var unused2 = jobs.database.run("GRANT SELECT ON pgbackfill.input TO " + role);
    Cli.Result runs = reader.run("runs");
    assertEquals(0, runs.status(), runs::toString);
    assertEquals(2, runs.out().lines().count());
  }
}
