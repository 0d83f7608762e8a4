package org.pgbackfill.source;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * Writes records as RFC 4180 has them, in UTF-8, with LF; what was read malformed is written as it
 * was. Its file is readable by its owner alone, for exports hold people's addresses. For one
 * thread.
 */
public final class CsvWriter implements Closeable {
  /** Where Linux shows, by links, which files a process has open. */
  private static final Path OPEN_FILES = Path.of("/proc");

  private final OutputStream out;

  private CsvWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Makes the file, or replaces the one that is there. Pipes and devices are written to as they
   * are.
   *
   * @param path where
   * @return to be closed by the caller
   * @throws IOException when the file can't be made
   */
  public static CsvWriter create(Path path) throws IOException {
    refuseOpenFile(path);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && Files.isRegularFile(path)) {
      Files.delete(path);
    }
    return createNew(path);
  }

  /**
   * Refuses a name of a file that this process has open already, such as {@code /dev/stdout} where
   * standard output is redirected: to replace such a file would take the name from all programs.
   *
   * @param path where something is to be written
   * @throws IOException when it is one; says what to do
   */
  public static void refuseOpenFile(Path path) throws IOException {
    if (Files.isSymbolicLink(path) && Files.isRegularFile(path)) {
      Path folder = path.toAbsolutePath().getParent().toRealPath();
      if (folder.startsWith(OPEN_FILES)
          || folder.resolve(Files.readSymbolicLink(path)).startsWith(OPEN_FILES)) {
        throw new IOException(
            "it leads to a file that is open already; name that file, or another");
      }
    }
  }

  /**
   * Makes the file where there is none. Pipes and devices are written to as they are.
   *
   * @param path where
   * @return to be closed by the caller
   * @throws FileAlreadyExistsException when there is a file
   * @throws IOException when the file can't be made
   */
  public static CsvWriter createNew(Path path) throws IOException {
    if (!Files.exists(path) || Files.isRegularFile(path)) {
      if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
        Files.createFile(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      } else {
        Files.createFile(path);
      }
    }
    return new CsvWriter(new BufferedOutputStream(Files.newOutputStream(path), 64 * 1024));
  }

  /**
   * Writes one record.
   *
   * @param values its fields
   * @throws IOException when the disk is full, say
   */
  public void write(List<String> values) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      append(line, i == 0 ? "" : ",", values.get(i));
    }
    if (line.isEmpty()) {
      line.append("\"\""); // a blank line would be passed over
    }
    out.write(Utf8.encode(line.append('\n').toString()));
  }

  private static void append(StringBuilder line, String separator, String value) {
    line.append(separator);
    boolean plain = true;
    for (int i = 0; i < value.length() && plain; i++) {
      char c = value.charAt(i);
      plain = c != ',' && c != '"' && c != '\n' && c != '\r';
    }
    if (plain) {
      line.append(value);
    } else {
      line.append('"').append(value.replace("\"", "\"\"")).append('"');
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
