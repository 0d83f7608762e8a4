package org.pgbackfill.load;

import java.util.UUID;

/**
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012, and their reference code): a keyed hash,
 * so that nobody who does not know the key can make two keys that look the same, and so wide that
 * it does not happen by chance either: among ten million keys once in 10^24 runs. For one thread.
 */
final class KeyHash {
  private final long key0;
  private final long key1;
  private long v0;
  private long v1;
  private long v2;
  private long v3;
  private long high;
  private long low;

  /** With 128 secret bits. */
  KeyHash(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /**
   * Hashes a key as the table has it: the link's 16 bytes, where there is one, and the text.
   *
   * @param link null where the key has none
   * @param text in UTF-8
   * @param from where it starts
   * @param to behind its last byte
   */
  void set(UUID link, byte[] text, int from, int to) {
    v0 = key0 ^ 0x736f6d6570736575L;
    v1 = key1 ^ 0x646f72616e646f6dL ^ 0xee;
    v2 = key0 ^ 0x6c7967656e657261L;
    v3 = key1 ^ 0x7465646279746573L;
    long length = (long) to - from;
    if (link != null) {
      length += 2 * Long.BYTES;
      add(Long.reverseBytes(link.getMostSignificantBits()));
      add(Long.reverseBytes(link.getLeastSignificantBits()));
    }
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      add(word(text, at));
    }
    long rest = length << 56;
    for (int shift = 0; at < to; at++, shift += Byte.SIZE) {
      rest |= (text[at] & 0xFFL) << shift;
    }
    add(rest);
    v2 ^= 0xee;
    rounds();
    rounds();
    high = v0 ^ v1 ^ v2 ^ v3;
    v1 ^= 0xdd;
    rounds();
    rounds();
    low = v0 ^ v1 ^ v2 ^ v3;
  }

  private void add(long word) {
    v3 ^= word;
    rounds();
    v0 ^= word;
  }

  /** Two of them, in locals: fields would be stored after each step. */
  private void rounds() {
    long a = v0;
    long b = v1;
    long c = v2;
    long d = v3;
    for (int round = 0; round < 2; round++) {
      a += b;
      b = Long.rotateLeft(b, 13) ^ a;
      a = Long.rotateLeft(a, 32);
      c += d;
      d = Long.rotateLeft(d, 16) ^ c;
      a += d;
      d = Long.rotateLeft(d, 21) ^ a;
      c += b;
      b = Long.rotateLeft(b, 17) ^ c;
      c = Long.rotateLeft(c, 32);
    }
    v0 = a;
    v1 = b;
    v2 = c;
    v3 = d;
  }

  private static long word(byte[] bytes, int at) {
    int low =
        (bytes[at] & 0xFF)
            | (bytes[at + 1] & 0xFF) << 8
            | (bytes[at + 2] & 0xFF) << 16
            | bytes[at + 3] << 24;
    int high =
        (bytes[at + 4] & 0xFF)
            | (bytes[at + 5] & 0xFF) << 8
            | (bytes[at + 6] & 0xFF) << 16
            | bytes[at + 7] << 24;
    return (long) high << 32 | (low & 0xFFFFFFFFL);
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
