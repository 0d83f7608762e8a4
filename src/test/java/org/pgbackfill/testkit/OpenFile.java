package org.pgbackfill.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** A file that this process has open, and a link to it as {@code /dev/stdout} is one; on Linux. */
public final class OpenFile implements Closeable {
  private static final Path OPEN = Path.of("/proc/self/fd");

  private final OutputStream stream;
  private final Path link;

  private OpenFile(OutputStream stream, Path link) {
    this.stream = stream;
    this.link = link;
  }

  /** Opens a file, which is there, and makes the link beside it. */
  public static OpenFile of(Path file) throws IOException {
    OutputStream stream = Files.newOutputStream(file);
    Path link = file.resolveSibling("stdout");
    return new OpenFile(stream, Files.createSymbolicLink(link, number(file.toRealPath())));
  }

  private static Path number(Path file) throws IOException {
    try (Stream<Path> all = Files.list(OPEN)) {
      Optional<Path> found = all.filter(one -> leadsTo(one, file)).findAny();
      return found.orElseThrow(() -> new IOException("no number of " + file));
    }
  }

  private static boolean leadsTo(Path number, Path file) {
    try {
      return Files.readSymbolicLink(number).equals(file);
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /** As {@code /dev/stdout}. */
  public Path link() {
    return link;
  }

  /** As {@code /dev/fd/1}. */
  public Path number() throws IOException {
    return Files.readSymbolicLink(link);
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
