package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultTest {
  @ParameterizedTest
  @CsvSource({
    "TRANSIENT, '08000,08001,08003,08004,08006,08007,08P01,40001,40P01,55P03,25P03'",
    "TRANSIENT, '57P01,57P02,57P03,57P04,57P05,53000,53100,53200,53300,53400'",
    "TIMEOUT, '57014'",
    "DATA, '22001,22003,22021,22P02,22P05,23502,23503,23505,23514,23P01,44000,54000,P0001'",
    "FATAL, '25006,28P01,3D000,42501,42601,42703,42P01,42P10,0A000,58030,XX000'"
  })
  void theSqlstateDecides(Fault expected, String states) {
    for (String state : states.split(",", -1)) {
      // The text says the opposite.
      assertEquals(expected, Fault.of(new SQLException("deadlock detected", state)), state);
    }
  }

  @Test
  void aPoolWithoutAConnectionMayHaveOneLaterUnlessTheServerSaidWhy() {
    assertEquals(Fault.TRANSIENT, Fault.of(new SQLTransientConnectionException("timed out")));
    assertEquals(Fault.FATAL, Fault.of(new SQLTransientConnectionException("timed out", "28P01")));
    assertEquals(Fault.FATAL, Fault.of(new SQLException("nobody knows")));
  }
}
