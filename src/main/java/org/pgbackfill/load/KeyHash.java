package org.pgbackfill.load;

import java.util.UUID;

/**
 * SipHash-1-3 with 128 bits (Aumasson and Bernstein, 2012, and their reference code): a keyed hash,
 * so that nobody who does not know the key can make two keys that look the same, and so wide that
 * it does not happen by chance either: among ten million keys once in 10^24 runs. So many rounds
 * are what the hash tables of Rust, Python and Ruby have: nobody sees the hashes here either. For
 * one thread.
 */
final class KeyHash {
  private static final int LAST_ROUNDS = 3;

  private final long key0;
  private final long key1;
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
    int links = link == null ? 0 : 2;
    int words = links + (to - from) / Long.BYTES;
    long a = key0 ^ 0x736f6d6570736575L;
    long b = key1 ^ 0x646f72616e646f6dL ^ 0xee;
    long c = key0 ^ 0x6c7967656e657261L;
    long d = key1 ^ 0x7465646279746573L;
    int at = from;
    // A round for each word and for what is left behind them, and three for either half of the
    // hash: all in locals, for fields would be stored after each step.
    for (int step = 0; step <= words + 2 * LAST_ROUNDS; step++) {
      long word = 0;
      if (step < links) {
        word =
            Long.reverseBytes(
                step == 0 ? link.getMostSignificantBits() : link.getLeastSignificantBits());
      } else if (step < words) {
        word = word(text, at);
        at += Long.BYTES;
      } else if (step == words) {
        word = rest(text, at, to, (long) to - from + (long) links * Long.BYTES);
      } else if (step == words + 1) {
        c ^= 0xee;
      } else if (step == words + 1 + LAST_ROUNDS) {
        high = a ^ b ^ c ^ d;
        b ^= 0xdd;
      }
      d ^= word;
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
      a ^= word;
    }
    low = a ^ b ^ c ^ d;
  }

  /** The last bytes, and the length. */
  private static long rest(byte[] text, int from, int to, long length) {
    long rest = length << 56;
    for (int at = from, shift = 0; at < to; at++, shift += Byte.SIZE) {
      rest |= (text[at] & 0xFFL) << shift;
    }
    return rest;
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
