package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private final List<Long> waits = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();
  private long nanos;
  private boolean stopped;

  private Retries retries(Duration total) {
    return new Retries(total, this::pause, notices::add, () -> nanos, new ConcurrentHashMap<>());
  }

  private boolean pause(Duration time) {
    waits.add(time.toMillis());
    nanos += time.toNanos();
    return !stopped;
  }

  private static SQLException fault(String state) {
    return new SQLException("the server said so", state);
  }

  /** How often it was tried before it was through. */
  private static int throughAfterThree(Retries retries, String state) throws SQLException {
    return retries.run(
        "lane-1",
        Retries.Worth.TRANSIENT,
        again -> {
          if (again < 3) {
            throw fault(state);
          }
          return again;
        });
  }

  @Test
  void whatPassesIsTriedAgainAndEachRetryIsCountedAndToldOnce() throws SQLException {
    Retries retries = retries(Duration.ofMinutes(2));
    int tries = throughAfterThree(retries, "40P01");
    assertEquals(3, tries);
    assertEquals(3, retries.count());
    assertEquals(
        List.of(
            "lane-1: retry 1 after 40P01: the server said so",
            "lane-1: retry 2 after 40P01: the server said so",
            "lane-1: retry 3 after 40P01: the server said so"),
        notices);
  }

  /** An operator's pause is longer than anything is tried again. */
  @Test
  void whileItIsHeldTheTotalStandsStill() throws SQLException {
    Retries.Pause held =
        time -> {
          nanos += Duration.ofHours(1).toNanos();
          return pause(time);
        };
    Retries retries =
        new Retries(
            Duration.ofSeconds(30), held, notices::add, () -> nanos, new ConcurrentHashMap<>());
    int tries = throughAfterThree(retries, "08006");
    assertEquals(3, tries);
  }

  @Test
  void theTotalIsBounded() {
    Retries retries = retries(Duration.ofSeconds(30));
    LoadException e = assertThrows(LoadException.class, () -> through(retries, "lane-1", "08006"));
    assertTrue(nanos >= Duration.ofSeconds(30).toNanos(), () -> nanos + " ns");
    assertTrue(nanos <= Duration.ofSeconds(35).toNanos(), () -> nanos + " ns");
    assertTrue(
        e.getMessage()
            .matches("lane-1: gave up after 3[0-5] s and \\d+ retries: 08006: the server said so"),
        e::getMessage);
    assertEquals(waits.size(), retries.count());
  }

  private static void through(Retries retries, String who, String state) {
    retries.untilThrough(who, () -> throwing(state), IllegalStateException::new);
  }

  private static void thrown(Retries retries, String who, String state) throws SQLException {
    try {
      through(retries, who, state);
    } catch (IllegalStateException e) {
      throw (SQLException) e.getCause();
    }
  }

  private static void throwing(String state) throws SQLException {
    throw fault(state);
  }

  @Test
  void theTotalBeginsWithTheFirstFaultSoThatASlowStatementIsTriedAgainToo() throws SQLException {
    Retries retries = retries(Duration.ofSeconds(5));
    int tries =
        retries.run(
            "lane-1",
            Retries.Worth.TRANSIENT,
            again -> {
              if (again == 0) {
                nanos += Duration.ofMinutes(2).toNanos();
                throw fault("08006");
              }
              return again;
            });
    assertEquals(1, tries);
  }

  @Test
  void waitsGrowTwofoldUpToFiveSecondsAndAreJittered() {
    for (int i = 0; i < 20; i++) {
      nanos = 0;
      Retries retries = retries(Duration.ofMinutes(2));
      assertThrows(LoadException.class, () -> through(retries, "lane-1", "53300"));
    }
    assertTrue(waits.stream().allMatch(wait -> wait <= 5000), waits::toString);
    // Of 20 first waits from 0 to 50 ms all the same one is as good as impossible.
    assertTrue(waits.stream().filter(wait -> wait <= 50).distinct().count() > 3, waits::toString);
    assertTrue(waits.stream().anyMatch(wait -> wait > 2500), waits::toString);
    assertTrue(waits.get(0) <= 50 && waits.get(1) <= 100 && waits.get(2) <= 200, waits::toString);
  }

  @Test
  void whatDoesNotPassIsThrownAtOnce() {
    Retries retries = retries(Duration.ofMinutes(2));
    for (String state : List.of("42501", "23505", "22001", "25006")) {
      assertThrows(SQLException.class, () -> thrown(retries, "x", state));
    }
    assertEquals(0, retries.count());
    assertEquals(List.of(), notices);
  }

  @Test
  void aCancelledStatementIsTriedAgainOnlyWhereItCantBeMadeSmaller() throws SQLException {
    Retries retries = retries(Duration.ofMinutes(2));
    Retries.Attempt<Integer> cancelledOnce =
        again -> {
          if (again == 0) {
            throw fault("57014");
          }
          return again;
        };
    assertThrows(
        SQLException.class, () -> retries.run("x", Retries.Worth.TRANSIENT, cancelledOnce));
    assertEquals(1, retries.run("x", Retries.Worth.CANCELLED, cancelledOnce));
  }

  @Test
  void aStopEndsTheWaiting() {
    stopped = true;
    Retries retries = retries(Duration.ofMinutes(2));
    assertThrows(Retries.Stopped.class, () -> through(retries, "x", "57P01"));
    assertEquals(1, waits.size());
  }

  @Test
  void theLastWordsAreTriedAgainInSpiteOfAStop() throws SQLException {
    stopped = true;
    Retries retries = retries(Duration.ofMinutes(2));
    List<String> tries = new ArrayList<>();
    retries
        .atTheEnd(Duration.ofSeconds(10))
        .untilThrough(
            "x",
            () -> {
              tries.add("try");
              if (tries.size() == 1) {
                throw fault("57P01");
              }
            },
            IllegalStateException::new);
    assertEquals(2, tries.size());
    assertEquals(1, retries.count(), "counted together");
  }
}
