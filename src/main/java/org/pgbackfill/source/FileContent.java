package org.pgbackfill.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a file has in it, without its name.
 *
 * @param name as the operator typed it
 * @param size in bytes; -1 where it can be read only once
 * @param checksum {@link Checksum} of its bytes, in hex; empty where it can be read only once
 */
public record FileContent(String name, long size, String checksum) {
  private static final int BUFFER_BYTES = 256 * 1024;

  /** Reads it; null for standard input and pipes. */
  static FileContent of(String name, Path path) throws SourceException {
    if (path == null) {
      return new FileContent(name, -1, "");
    }
    Checksum checksum = new Checksum();
    long size = 0;
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(path)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        checksum.update(buffer, 0, count);
        size += count;
      }
    } catch (IOException e) {
      throw new SourceException(name + ": can't be read: " + e.getMessage(), e);
    }
    return new FileContent(name, size, Checksum.hex(checksum.value()));
  }

  /**
   * Whether the content is known before it is loaded.
   *
   * @return false for standard input and pipes
   */
  public boolean isKnown() {
    return !checksum.isEmpty();
  }
}
