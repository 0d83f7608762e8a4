package org.pgbackfill.ledger;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.pgbackfill.ledger.OutcomeCodec.Keep;

class OutcomeCodecTest {
  private static final UUID ID = UUID.fromString("c0ffee00-0000-4000-8000-000000000001");
  private static final Outcome REJECT = Outcome.rejected("name: too long, ä");

  /** One of each kind that needs no more than its byte where ids are not kept. */
  private static final List<Outcome> KINDS =
      List.of(
          Outcome.inserted(ID),
          Outcome.existing(ID),
          Outcome.duplicate(ID, "as in a.csv line 7"),
          Outcome.changed(Outcome.Kind.FILLED, ID),
          Outcome.changed(Outcome.Kind.OVERWRITTEN, ID));

  private static List<Outcome> withReject() {
    List<Outcome> all = new ArrayList<>(KINDS);
    all.add(REJECT);
    return all;
  }

  @Test
  void kindsAloneAreTheBytesThatTheyAreBeforeAReject() {
    byte[] alone = OutcomeCodec.encode(KINDS, Keep.KINDS);
    byte[] all = OutcomeCodec.encode(withReject(), Keep.KINDS);
    assertEquals(1 + KINDS.size(), alone.length);
    assertArrayEquals(alone, Arrays.copyOf(all, alone.length));
  }

  @Test
  void whereKindsAreKeptIdsReadAsUnknown() {
    List<Outcome> read = OutcomeCodec.decode(OutcomeCodec.encode(withReject(), Keep.KINDS));
    assertEquals(
        withReject().stream().map(Outcome::kind).toList(),
        read.stream().map(Outcome::kind).toList());
    for (Outcome outcome : read.subList(0, KINDS.size())) {
      assertEquals(Outcome.UNKNOWN_ID, outcome.id());
    }
    assertEquals(REJECT, read.get(KINDS.size()));
  }

  @Test
  void whereIdsAreKeptAllIsReadAgainButANewRowsId() {
    List<Outcome> read = OutcomeCodec.decode(OutcomeCodec.encode(withReject(), Keep.IDS));
    List<Outcome> expected = withReject();
    expected.set(0, Outcome.inserted(Outcome.UNKNOWN_ID));
    assertEquals(expected, read);
  }

  @Test
  void someAreReadByTheirNumbers() {
    Map<Long, Outcome> some = Map.of(3L, KINDS.get(2), 1L << 40, REJECT);
    assertEquals(some, OutcomeCodec.decodeSome(OutcomeCodec.encode(some, Keep.IDS)));
  }
}
