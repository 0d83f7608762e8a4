package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A link that is known is the one that its text says. */
class LinksTest {
  private final Links links = new Links();

  private UUID get(String text) {
    byte[] bytes = ("x" + text + "y").getBytes(StandardCharsets.UTF_8);
    return links.get(bytes, 1, bytes.length - 1);
  }

  /** More of them than there is room for, in every form, each several times. */
  @Test
  void eachTextHasItsLink() {
    Random random = new Random(4);
    List<UUID> some = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      some.add(new UUID(random.nextLong(), random.nextLong()));
      some.add(new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0000L | i));
      some.add(new UUID((long) i << 32 | 0x1000, 0x8000_0000_0000_0000L));
    }
    for (int i = 0; i < 200_000; i++) {
      UUID link = some.get(random.nextInt(i % 2 == 0 ? 50 : some.size()));
      String text = link.toString();
      if (i % 3 == 0) {
        text = text.replace("-", "");
      }
      if (i % 5 == 0) {
        text = text.toUpperCase(Locale.ROOT);
      }
      UUID known = get(text);
      assertEquals(link, known, text);
      assertSame(known, get(text));
    }
  }

  @Test
  void oneTextIsOneObject() {
    String text = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";
    assertSame(get(text), get(text));
  }

  @Test
  void whatIsNoLinkStaysNone() {
    String text = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";
    assertEquals(UUID.fromString(text), get(text));
    for (int i = 0; i < text.length(); i++) {
      assertNull(get(text.substring(0, i)), "the first " + i);
      assertNull(get(text.substring(0, i) + "x" + text.substring(i + 1)), "x at " + i);
      assertNull(get(text.substring(0, i) + "é" + text.substring(i + 1)), "é at " + i);
    }
    assertNull(get("{" + text + "}"));
    assertNull(get(text + " "));
    assertTrue(get(text) != null);
  }
}
