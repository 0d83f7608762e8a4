package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Utf8Test {
  private static String decode(byte[] bytes) {
    return Utf8.decode(bytes, 0, bytes.length);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource({
    "80, a continuation byte alone",
    "ff, a byte that no text has",
    "fe ff, a byte-order mark of UTF-16",
    "c0 80, NUL in two bytes",
    "c1 bf, a letter in two bytes",
    "c3, the first of two bytes",
    "c3 28, the first of two bytes and a bracket",
    "e2 82, two of three bytes",
    "e2 28 a1, a bracket in the middle",
    "e0 80 80, too long for what it says",
    "f0 9f 8e, three of four bytes",
    "f0 80 80 80, too long for what it says in four",
    "f4 90 80 80, beyond the last code point",
    "f8 88 80 80 80, five bytes",
    "ed a0 80, a high surrogate",
    "ed b2 80, a low surrogate: what an escape would be in UTF-8",
    "ed a0 bd ed b8 80, a pair of surrogates",
    "e9, Latin-1",
    "93 94, quotes of Windows"
  })
  void malformedBytesAreKeptWhereverTheyStand(String hex, String what) {
    byte[] bad = HexFormat.ofDelimiter(" ").parseHex(hex);
    for (String around : new String[] {"", "a", "é", "🎉", "\uFFFD", "a🎉\uFFFDé"}) {
      byte[] good = around.getBytes(StandardCharsets.UTF_8);
      for (byte[] bytes :
          new byte[][] {join(bad, good), join(good, bad), join(good, bad, good, bad, good)}) {
        String text = decode(bytes);
        assertTrue(Utf8.isMalformed(text), what);
        assertArrayEquals(bytes, Utf8.encode(text), what);
      }
    }
  }

  @Test
  void anyBytesComeBackAsTheyWere() {
    int malformed = 0;
    for (int seed = 0; seed < 50_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      if (random.nextBoolean()) {
        // Mostly lead and continuation bytes: sequences that are nearly right.
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] |= (byte) 0x80;
        }
      }
      String text = decode(bytes);
      assertArrayEquals(bytes, Utf8.encode(text), "seed " + seed);
      boolean wellFormed = text.equals(new String(bytes, StandardCharsets.UTF_8));
      assertEquals(!wellFormed, Utf8.isMalformed(text), "seed " + seed);
      malformed += wellFormed ? 0 : 1;
    }
    assertTrue(malformed > 10_000 && malformed < 50_000, "malformed: " + malformed);
  }

  @Test
  void asciiStaysAsciiBesideMalformedBytes() {
    // Quotes and commas must be found whatever stands next to them.
    for (int b = 0x80; b <= 0xFF; b++) {
      String text = decode(new byte[] {'"', (byte) b, '"', ',', (byte) b, ',', (byte) b, '\r'});
      char escaped = (char) (0xDC00 + b);
      assertEquals("\"" + escaped + "\"," + escaped + "," + escaped + "\r", text);
    }
  }

  @Test
  void wellFormedTextIsNotTouched() {
    for (String text :
        new String[] {"", "plain", "é", "株式会社", "🎉👩‍💻", "\uFFFD", "\0", "\uFEFFa"}) {
      assertEquals(text, decode(text.getBytes(StandardCharsets.UTF_8)));
      assertFalse(Utf8.isMalformed(text));
      assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), Utf8.encode(text));
    }
  }

  @Test
  void wellFormedIsWhatTheStrictDecoderTakes() {
    Random random = new Random(3);
    int[] likely = {0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xED};
    int wellFormed = 0;
    for (int i = 0; i < 2_000_000; i++) {
      byte[] bytes = new byte[1 + random.nextInt(5)];
      for (int b = 0; b < bytes.length; b++) {
        boolean any = random.nextInt(3) == 0;
        bytes[b] = (byte) (any ? random.nextInt(256) : likely[random.nextInt(likely.length)]);
        bytes[b] = b == 0 && !any ? (byte) (0xE0 + random.nextInt(24)) : bytes[b];
      }
      boolean taken = isTaken(bytes);
      wellFormed += taken ? 1 : 0;
      assertEquals(taken, Utf8.isWellFormed(bytes, 0, bytes.length), Arrays.toString(bytes));
    }
    assertTrue(wellFormed > 10_000, wellFormed + " well-formed");
  }

  private static boolean isTaken(byte[] bytes) {
    try {
      var unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Test
  void aPartOfAnArrayIsDecodedAlone() {
    byte[] bytes = {(byte) 0xC3, (byte) 0xA9, 'a', (byte) 0xC3, (byte) 0xA9};
    assertEquals("a", Utf8.decode(bytes, 2, 1));
    assertEquals("\uDCA9a\uDCC3", Utf8.decode(bytes, 1, 3));
  }
}
