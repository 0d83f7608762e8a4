package org.pgbackfill.source;

import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Tells whether bytes are the same as before: CRC-32 and CRC-32C together, as strong as one CRC of
 * 64 bits. It finds every accident, and is no proof against somebody who makes two files of one
 * checksum on purpose: he has the right to load either. A cryptographic hash took a quarter of the
 * client's time. For one thread.
 */
public final class Checksum {
  private final CRC32 ieee = new CRC32();
  private final CRC32C castagnoli = new CRC32C();

  /**
   * Goes on with some bytes.
   *
   * @param bytes where they are
   * @param offset of the first
   * @param length how many
   */
  public void update(byte[] bytes, int offset, int length) {
    ieee.update(bytes, offset, length);
    castagnoli.update(bytes, offset, length);
  }

  /**
   * The checksum of all bytes so far.
   *
   * @return CRC-32 in the high half, CRC-32C in the low
   */
  public long value() {
    return ieee.getValue() << 32 | castagnoli.getValue();
  }

  /**
   * As the ledger has it.
   *
   * @param value of {@link #value}
   * @return 16 hex digits
   */
  public static String hex(long value) {
    return String.format("%016x", value);
  }
}
