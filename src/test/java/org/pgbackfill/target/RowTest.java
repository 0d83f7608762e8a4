package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowTest {
  private static final int LANES = 8;
  private static final int ROWS = 8_000;

  private static Row job(String key, boolean keyed, UUID id, boolean idGiven) {
    return Row.of(null, idGiven ? id : null, number -> id, null, key, keyed, new String[0]);
  }

  private static Row keyed(String key) {
    return job(key, true, Sheet.DERIVED, false);
  }

  private static Row contact(UUID link, String address) {
    return Row.of(null, null, number -> Sheet.DERIVED, link, address, true, new String[0]);
  }

  /** How many rows the fullest lane has, as a multiple of its share. */
  private static double fullest(List<Row> rows, ToIntFunction<Row> lane) {
    int[] counts = new int[LANES];
    rows.forEach(row -> counts[lane.applyAsInt(row)]++);
    return Arrays.stream(counts).max().getAsInt() * (double) LANES / rows.size();
  }

  private static void assertSpread(List<Row> rows) {
    double fullest = fullest(rows, row -> row.lane(LANES));
    assertTrue(fullest < 1.2, () -> "the fullest lane has " + fullest + " times its share");
  }

  @Test
  void keysSpreadOverTheLanes() {
    assertSpread(IntStream.range(0, ROWS).mapToObj(i -> keyed("order-" + i)).toList());
    UUID link = new UUID(1, 2);
    assertSpread(
        IntStream.range(0, ROWS)
            .mapToObj(i -> contact(link, "user" + i + "@example.com"))
            .toList());
    assertSpread(
        IntStream.range(0, ROWS)
            .mapToObj(i -> contact(new UUID(0, i), "info@example.com"))
            .toList());
  }

  @Test
  void keysThatDifferInMultiplesOfTheLanesSpreadToo() {
    List<Row> rows =
        IntStream.range(0, ROWS / 4)
            .mapToObj(i -> keyed("job-" + (char) (0x4E00 + LANES * i)))
            .toList();
    assertSpread(rows);
    // Control: by their hash as it is, all of them would wait in one lane.
    double naive = fullest(rows, row -> Math.floorMod(row.identity().hashCode(), LANES));
    assertEquals(LANES, naive);
  }

  @Test
  void givenIdsThatGrowByMultiplesOfTheLanesSpreadToo() {
    assertSpread(
        IntStream.range(0, ROWS)
            .mapToObj(i -> job(null, false, new UUID(0x7000, (long) i * LANES), true))
            .toList());
  }

  @Test
  void sameKeyAlwaysTakesTheSameLaneWhateverElseTheRecordHas() {
    for (int i = 0; i < 1_000; i++) {
      UUID link = new UUID(i, -i);
      for (int lanes : new int[] {1, 2, 3, 8, 64}) {
        int lane = contact(link, "a" + i).lane(lanes);
        assertTrue(lane >= 0 && lane < lanes);
        assertEquals(lane, contact(new UUID(i, -i), new String("a" + i)).lane(lanes));
        assertEquals(
            keyed("k" + i).lane(lanes), job("k" + i, true, new UUID(7, i), true).lane(lanes));
      }
    }
  }

  @Test
  void identityIsTheWholeKeyAndOfAnUnkeyedJobItsId() {
    UUID one = new UUID(0, 1);
    UUID two = new UUID(0, 2);
    assertEquals(contact(one, "a").identity(), contact(new UUID(0, 1), "a").identity());
    assertNotEquals(contact(one, "a").identity(), contact(two, "a").identity());
    assertNotEquals(contact(one, "a").identity(), contact(one, "b").identity());
    assertEquals("k", job("k", true, one, true).identity());
    assertEquals(one, job("k", false, one, true).identity());
    assertEquals(two, job(null, false, two, true).identity());
  }

  @Test
  void aJobThatBringsItsIdIsTheSameByThatToo() {
    UUID id = new UUID(0, 1);
    assertEquals(List.of("k", id), job("k", true, id, true).identities());
    assertEquals(List.of(id), job("k", false, id, true).identities());
    assertEquals(List.of("k"), job("k", true, id, false).identities());
    // A contact's id is no identity: one id under two addresses is for the database to refuse.
    Row contact = Row.of(null, id, null, id, "a", true, new String[0]);
    assertEquals(List.of(contact.identity()), contact.identities());
  }

  @Test
  void aFinishedJobTakesTheLaneOfTheActiveOneThatItMayBe() {
    for (int i = 0; i < 1_000; i++) {
      UUID id = new UUID(7, i);
      assertEquals(
          job("k" + i, true, id, true).lane(LANES), job("k" + i, false, id, true).lane(LANES));
    }
  }

  @Test
  void jobsWithoutKeyAndIdTakeTurns() {
    List<Row> rows = new ArrayList<>();
    StringBuilder csv = new StringBuilder("func\n");
    csv.append("f\n".repeat(ROWS));
    try (var source = Sheet.ofBytes(csv.toString()).open()) {
      Target target = new JobsTarget("chancy_", source.files(), java.util.Map.of());
      for (var record = source.next(); record != null; record = source.next()) {
        rows.add((Row) target.check(record, number -> Sheet.DERIVED));
      }
    } catch (org.pgbackfill.source.SourceException e) {
      throw new IllegalStateException(e);
    }
    assertEquals(ROWS, rows.size());
    assertSpread(rows);
  }

  /** A resumed run finds its records where they went, with whichever version they did. */
  @Test
  void aLaneIsWhatItAlwaysWas() {
    Random random = new Random(3);
    for (int i = 0; i < 100_000; i++) {
      byte[] text = new byte[random.nextInt(40)];
      random.nextBytes(text);
      int from = random.nextInt(text.length + 1);
      int to = from + random.nextInt(text.length - from + 1);
      UUID link = i % 2 == 0 ? null : new UUID(random.nextLong(), random.nextLong());
      assertEquals(byteByByte(link, text, from, to), Row.lane(link, text, from, to, 7));
    }
  }

  private static int byteByByte(UUID link, byte[] text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    int bits = link == null ? hash : 31 * link.hashCode() + hash;
    int spread = (bits ^ (bits >>> 16)) * 0x85EBCA6B;
    spread = (spread ^ (spread >>> 13)) * 0xC2B2AE35;
    return Math.floorMod(spread ^ (spread >>> 16), 7);
  }
}
