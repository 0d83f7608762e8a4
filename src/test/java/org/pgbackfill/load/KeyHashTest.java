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
    "2, 8177228da4a45dc7fca38bdef60affe4",
    "3, 9c70b60c5267a94e5f33b6b02985ed51",
    "7, a1f1ebbed8dbc153c0b84aa61ff08239",
    "8, 3b62a9ba6258f5610f83e264f31497b4",
    "9, 264499060ad9baabc47f8b02bb6d71ed",
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
