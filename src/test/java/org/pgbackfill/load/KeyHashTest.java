package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyHashTest {
  private static final KeyHash HASH = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

  /** From the vectors of the reference code: bytes 0, 1, 2 and on under the key 00 to 0f. */
  @ParameterizedTest
  @CsvSource({
    "0, a3817f04ba25a8e66df67214c7550293",
    "1, da87c1d86b99af44347659119b22fc45",
  })
  void hashesAsTheReferenceCodeDoes(int length, String expected) {
    byte[] bytes = new byte[64];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    HASH.set(bytes, length);
    assertEquals(expected, shown());
  }

  private static String shown() {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(HASH.high())
            .putLong(HASH.low())
            .array();
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void aLinkAndItsTextAreTheBytesThatTheTableSends() {
    UUID link = UUID.fromString("c0ffee00-0000-4000-8000-000000000001");
    String text = "\u00e4".repeat(300) + "@example.com";
    HASH.set(link, text);
    String hash = shown();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    byte[] all =
        ByteBuffer.allocate(16 + bytes.length)
            .putLong(link.getMostSignificantBits())
            .putLong(link.getLeastSignificantBits())
            .put(bytes)
            .array();
    HASH.set(all, all.length);
    assertEquals(hash, shown());
    HASH.set(null, text);
    assertNotEquals(hash, shown());
  }
}
