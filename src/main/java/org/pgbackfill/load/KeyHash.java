package org.pgbackfill.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/**
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012, and their reference code): a keyed hash,
 * so that nobody who does not know the key can make two keys that look the same, and so wide that
 * it does not happen by chance either: among ten million keys once in 10^24 runs. For one thread.
 */
final class KeyHash {
  private final long key0;
  private final long key1;
  private byte[] scratch = new byte[512];
  private long high;
  private long low;

  /** With 128 secret bits. */
  KeyHash(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /**
   * Hashes a key as the table has it.
   *
   * @param link null where the key has none
   */
  void set(UUID link, String text) {
    int from = link == null ? 0 : 16;
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (scratch.length < from + bytes.length) {
      scratch = Arrays.copyOf(scratch, 2 * (from + bytes.length));
    }
    if (link != null) {
      putLong(link.getMostSignificantBits(), 0);
      putLong(link.getLeastSignificantBits(), 8);
    }
    System.arraycopy(bytes, 0, scratch, from, bytes.length);
    set(scratch, from + bytes.length);
  }

  private void putLong(long value, int at) {
    for (int i = 0; i < 8; i++) {
      scratch[at + i] = (byte) (value >>> (56 - 8 * i));
    }
  }

  /** Hashes some bytes: the link's 16, where there is one, and the text in UTF-8. */
  void set(byte[] bytes, int length) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL ^ 0xee;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    int whole = length & ~7;
    // Two rounds each: the text's words, its rest with its length, and two times two for each half.
    int steps = whole / 8 + 1 + 4;
    for (int step = 0; step < steps; step++) {
      long word = 0;
      if (step * 8 < whole) {
        word = word(bytes, step * 8, 8);
      } else if (step * 8 == whole) {
        word = (long) length << 56 | word(bytes, whole, length - whole);
      } else if (step * 8 == whole + 8) {
        v2 ^= 0xee;
      } else if (step * 8 == whole + 24) {
        high = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= word;
    }
    low = v0 ^ v1 ^ v2 ^ v3;
  }

  private static long word(byte[] bytes, int from, int count) {
    long word = 0;
    for (int i = count - 1; i >= 0; i--) {
      word = word << 8 | (bytes[from + i] & 0xFF);
    }
    return word;
  }

  /** The first half of the last hash. */
  long high() {
    return high;
  }

  /** The second half of the last hash. */
  long low() {
    return low;
  }
}
