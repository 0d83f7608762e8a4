package org.pgbackfill.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A folder where a test's exports and reports lie.
 *
 * @param path an empty folder
 */
public record WorkFolder(Path path) {
  /** Writes a text file in UTF-8. */
  public Path write(String name, String text) {
    try {
      return Files.writeString(path.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where a file of that name is, or would be. */
  public Path file(String name) {
    return path.resolve(name);
  }

  /** The lines of a text file in UTF-8. */
  public List<String> lines(String name) {
    try {
      return Files.readAllLines(path.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names of the files in it, sorted. */
  public List<String> names() {
    try (var files = Files.list(path)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
