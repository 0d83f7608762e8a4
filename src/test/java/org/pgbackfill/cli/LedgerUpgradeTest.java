package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ledger of version 1, with a run that is to go on, is brought up to date in place. */
@Tag("database")
class LedgerUpgradeTest {
  /** What version 2 has added, taken away. */
  private static final String BACK_TO_VERSION_1 =
      """
      DROP TABLE pgbackfill.steering;
      ALTER TABLE pgbackfill.run DROP COLUMN filled, DROP COLUMN overwritten;
      DELETE FROM pgbackfill.version;
      INSERT INTO pgbackfill.version VALUES (1);
      """;

  @TempDir Path folder;
  private Load load;
  private String role;

  @BeforeEach
  void anUnfinishedRunInAnOlderLedger() {
    load = new Load(Load.Kind.JOBS, folder).generate(1000);
    role = "loader_" + load.database.name();
    var unused =
        load.database.run(
            "CREATE ROLE %1$s LOGIN; GRANT SELECT, INSERT ON chancy_jobs TO %1$s; %2$s"
                .formatted(role, new Cli().run("ledger", "--account", role).out()));
    assertEquals(4, load.run("--run", "n", "--max-rejects", "0").status());
    var unused2 = load.database.run(BACK_TO_VERSION_1);
  }

  private Cli.Result resume(String user) {
    return load.run(Cli.on(load.database).with("PGUSER", user), "--run", "n", "--resume");
  }

  @Test
  void theNextRunOfTheOwnerDoesItAndTheUnfinishedRunGoesOn() {
    Cli.Result runs = Cli.on(load.database).run("runs");
    assertEquals(1, runs.status(), runs::toString);
    assertEquals(
        "pgbackfill: the ledger in schema pgbackfill has version 1, this pgbackfill knows version"
            + " 2; the next run brings it up to date, or a DBA does with what pgbackfill ledger"
            + " prints\n",
        runs.err());
    load.traces(resume("postgres")).assertSameAs(load.undisturbed());
    assertEquals(2, load.database.number("SELECT max(version) FROM pgbackfill.version"));
    assertEquals(0, load.database.number("SELECT sum(filled + overwritten) FROM pgbackfill.run"));
    // An account that could run before can run now.
    Cli.Result other = load.run(Cli.on(load.database).with("PGUSER", role), "--run", "m");
    assertEquals(3, other.status(), other::toString);
  }

  @Test
  void anAccountThatMayNotIsToldWhatADbaCanRun() {
    Cli.Result refused = resume(role);
    assertEquals(1, refused.status(), refused::toString);
    assertTrue(
        refused
            .err()
            .matches(
                "pgbackfill: the ledger in schema pgbackfill is of an older version, and this"
                    + " account may not bring it up to date \\(42501: .*\\); its owner can, with"
                    + " what this prints: pgbackfill ledger --ledger-schema pgbackfill --account"
                    + " ROLE\n"),
        refused::toString);
    var unused = load.database.run(new Cli().run("ledger", "--account", role).out());
    load.traces(resume(role)).assertSameAs(load.undisturbed());
  }
}
