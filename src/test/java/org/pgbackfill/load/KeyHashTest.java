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

  /**
   * As the reference code with one and three rounds gives them: bytes 0, 1, 2 and on under the key
   * 00 to 0f.
   */
  @ParameterizedTest
  @CsvSource({
    "0, e77ebcb22788a5befd62db6add303001",
    "1, fc6f370460d3eda85e0573cc2b2ff063",
    "2, 75787f090569839b855bc9548c6aea95",
    "3, 6bc5ccfa1edcf79f4823187712ebd743",
    "7, 1084b923f2aae0c3a62f2ec80848ab77",
    "8, aa12fee1d5e3dab4724f16ab35f9c799",
    "9, 81ddb8042cf33994f4720e0094137c42",
  })
  void hashesAsTheReferenceCodeDoes(int length, String expected) {
    byte[] bytes = new byte[64];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    HASH.set(null, bytes, 0, length);
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
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    HASH.set(link, bytes, 0, bytes.length);
    String hash = shown();
    byte[] all =
        ByteBuffer.allocate(16 + bytes.length)
            .putLong(link.getMostSignificantBits())
            .putLong(link.getLeastSignificantBits())
            .put(bytes)
            .array();
    HASH.set(null, all, 0, all.length);
    assertEquals(hash, shown());
    HASH.set(null, bytes, 0, bytes.length);
    assertNotEquals(hash, shown());
  }
}
