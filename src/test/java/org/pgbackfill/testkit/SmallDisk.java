package org.pgbackfill.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A disk in memory, to be filled: as real as any other to who writes there. Mounting one takes
 * Linux and root; elsewhere the test is passed over.
 */
public final class SmallDisk implements AutoCloseable {
  private static final long KIB = 1024;

  private final Path path;

  private SmallDisk(Path path) {
    this.path = path;
  }

  /**
   * Makes one with room for a server's tablespace.
   *
   * @param path a folder that is not there yet
   * @return to be closed when nobody has a file open there any more
   */
  public static SmallDisk mount(Path path) {
    try {
      Files.createDirectory(path);
      Command mount = Command.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", path);
      assumeTrue(mount.status == 0, () -> "no disk can be mounted here: " + mount.said);
      return new SmallDisk(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it is mounted. */
  public Path path() {
    return path;
  }

  /** Makes it larger or smaller, so that so many bytes are free. */
  public void leave(long free) {
    try {
      FileStore store = Files.getFileStore(path);
      long used = store.getTotalSpace() - store.getUnallocatedSpace();
      require(
          Command.run("mount", "-o", "remount,size=" + (used + free) / KIB + "k", path.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      require(Command.run("umount", path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void require(Command command) {
    if (command.status != 0) {
      throw new IllegalStateException(command.said);
    }
  }

  private record Command(int status, String said) {
    static Command run(Object... words) throws IOException {
      String[] texts = new String[words.length];
      for (int i = 0; i < words.length; i++) {
        texts[i] = words[i].toString();
      }
      Process process;
      try {
        process = new ProcessBuilder(texts).redirectErrorStream(true).start();
      } catch (IOException e) {
        return new Command(-1, String.valueOf(e.getMessage())); // there is no such program
      }
      try {
        String said =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return new Command(process.waitFor(), said);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }
}
