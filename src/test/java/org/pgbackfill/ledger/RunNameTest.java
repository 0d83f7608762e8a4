package org.pgbackfill.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** A run is steered and resumed by its name. */
@Tag("database")
class RunNameTest {
  private final TestDatabase database = TestServer.shared().database();
  private final Ledger ledger = Ledger.open(new PlainConnections(database), "pgbackfill");

  RunNameTest() throws SQLException {}

  private RunEntry begin(String name, String target) throws SQLException {
    return ledger.start(PlainConnections.request(name, target)).run();
  }

  @Test
  void runsOfOneMillisecondHaveNamesOfTheirOwn() throws SQLException {
    List<RunEntry> runs = List.of(begin(null, "a"), begin(null, "b"), begin(null, "c"));
    assertEquals(
        List.of("contacts-now", "contacts-now-2", "contacts-now-3"),
        runs.stream().map(RunEntry::name).toList());
    for (RunEntry run : runs) {
      assertEquals(List.of(run.id()), ledger.runs(run.name()).stream().map(RunEntry::id).toList());
    }
  }

  /** The control: a name that the operator gives means the run that has it. */
  @Test
  void aNameThatIsGivenStaysAsItIs() throws SQLException {
    begin("nightly", "a");
    LedgerException e = assertThrows(LedgerException.class, () -> begin("nightly", "b"));
    assertTrue(e.getMessage().startsWith("run nightly of the same work was left"), e::getMessage);
  }
}
