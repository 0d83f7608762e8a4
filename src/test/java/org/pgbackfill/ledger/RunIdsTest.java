package org.pgbackfill.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RunIdsTest {
  private static final Instant START = Instant.parse("2026-11-21T08:30:00.123Z");
  private static final RunIds IDS = RunIds.of(START, 0xABCDEF0123L);

  /** Small, large, and on both sides of where the number's bits are split. */
  private static LongStream numbers() {
    return LongStream.concat(
        LongStream.of(0, 1, 2, (1 << 22) - 1, 1 << 22, (1 << 22) + 1, RunIds.MAX_NUMBER),
        new Random(1).longs(10_000, 0, RunIds.MAX_NUMBER));
  }

  @Test
  void idHasTheLayoutOfVersion7() {
    assertEquals("01a1fd3a-03bb-7000-8000-00abcdef0123", IDS.id(0).toString());
    assertEquals("01a1fd3a-03bb-7000-8000-01abcdef0123", IDS.id(1).toString());
    assertEquals("01a1fd3a-03bb-7001-8000-00abcdef0123", IDS.id(1 << 22).toString());
    assertEquals("01a1fd3a-03bb-7fff-bfff-ffabcdef0123", IDS.id(RunIds.MAX_NUMBER).toString());
    numbers()
        .mapToObj(IDS::id)
        .forEach(
            id -> {
              assertEquals(7, id.version());
              assertEquals(2, id.variant());
              assertEquals(START.toEpochMilli(), id.getMostSignificantBits() >>> 16);
            });
  }

  @Test
  void idsGrowWithTheNumberAsPostgresOrdersThem() {
    UUID[] last = new UUID[1];
    numbers()
        .distinct()
        .sorted()
        .mapToObj(IDS::id)
        .forEach(
            id -> {
              assertTrue(last[0] == null || compare(last[0], id) < 0, () -> last[0] + " " + id);
              last[0] = id;
            });
  }

  /** As memcmp does: text in hexadecimal has the order of the bytes. */
  private static int compare(UUID a, UUID b) {
    return a.toString().compareTo(b.toString());
  }

  @Test
  void laterRunsIdsAreLarger() {
    UUID last = IDS.id(RunIds.MAX_NUMBER);
    assertTrue(compare(last, RunIds.of(START.plusMillis(1), 0).id(0)) < 0);
  }

  @Test
  void idTellsItsRunAndItsNumber() {
    numbers()
        .forEach(
            number -> {
              UUID id = IDS.id(number);
              assertTrue(IDS.gave(id));
              assertEquals(number, IDS.number(id));
              assertEquals(id, RunIds.of(START, 0xABCDEF0123L).id(number));
            });
  }

  @Test
  void idsOfOthersAreToldApart() {
    UUID id = IDS.id(4_711);
    assertFalse(RunIds.of(START.plusMillis(1), 0xABCDEF0123L).gave(id), "another start");
    assertFalse(RunIds.of(START, 0xABCDEF0122L).gave(id), "another tag");
    long high = id.getMostSignificantBits();
    long low = id.getLeastSignificantBits();
    assertFalse(IDS.gave(new UUID(high ^ 0x3000, low)), "version 4");
    assertFalse(IDS.gave(new UUID(high, low ^ 1L << 63)), "another variant");
    assertFalse(IDS.gave(new UUID(0, 0)));
    Random random = new Random(2);
    for (int i = 0; i < 10_000; i++) {
      assertFalse(IDS.gave(new UUID(random.nextLong(), random.nextLong())));
    }
  }

  @Test
  void tagIsFortyOfTheRandomBits() {
    assertEquals(0xFF_FFFF_FFFFL, RunIds.of(START, -1).tag());
    assertEquals(40, RunIds.TAG_BITS);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertEquals(
        "line 17179869184 of the run: a run takes at most 17179869183 lines; load the rest in"
            + " another run",
        assertThrows(IllegalArgumentException.class, () -> IDS.id(RunIds.MAX_NUMBER + 1))
            .getMessage());
    assertThrows(IllegalArgumentException.class, () -> IDS.id(-1));
    assertEquals(
        "start 281474976710656 or tag 0 has too many bits",
        assertThrows(IllegalArgumentException.class, () -> new RunIds(1L << 48, 0)).getMessage());
    assertEquals(
        "start 0 or tag 1099511627776 has too many bits",
        assertThrows(IllegalArgumentException.class, () -> new RunIds(0, 1L << 40)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new RunIds(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> new RunIds(0, -1));
  }
}
