package org.pgbackfill.source;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The files of one run as one stream of numbered records: CSV as RFC 4180 has it, each with a
 * header line of its own, plain or gzip, UTF-8 with or without a byte-order mark; {@code -} is
 * standard input.
 *
 * <p>All headers are read when the source is opened, so a run can refuse a file before it loads the
 * first record. Blank lines are passed over. A stray quote costs the record of its own line and no
 * more.
 *
 * <p>{@link #next} is for one thread; the counters and {@link #place} are for any.
 */
public final class CsvSource implements AutoCloseable {
  /** What the operator types for standard input. */
  public static final String STDIN = "-";

  private final List<SourceFile> files = new ArrayList<>();
  private final List<CsvFile> open = new ArrayList<>();
  private final List<Path> paths = new ArrayList<>();
  private final long[] linesBefore;
  private final AtomicLong bytesRead = new AtomicLong();
  private final OptionalLong bytesTotal;
  private final Checksum checksum = new Checksum();
  private long checksumAfterRecord;
  private boolean begun;
  private volatile int current;

  private CsvSource(List<String> names) throws SourceException {
    this.linesBefore = new long[names.size()];
    this.bytesTotal = total(names);
  }

  /**
   * Opens the files and reads their headers.
   *
   * @param names paths, or {@code -} once for standard input; not empty
   * @param stdin what {@code -} reads
   * @return to be closed by the caller
   * @throws SourceException when a file is missing, unreadable, or has no usable header
   */
  public static CsvSource open(List<String> names, InputStream stdin) throws SourceException {
    if (names.stream().filter(STDIN::equals).count() > 1) {
      throw new SourceException("standard input (-) is named twice; it can be read once");
    }
    CsvSource source = new CsvSource(names);
    try {
      for (String name : names) {
        source.add(name, stdin);
      }
      return source;
    } catch (SourceException e) {
      source.close();
      throw e;
    }
  }

  private static OptionalLong total(List<String> names) throws SourceException {
    long total = 0;
    for (String name : names) {
      Path path = Path.of(name);
      if (name.equals(STDIN) || !Files.isRegularFile(path)) {
        return OptionalLong.empty();
      }
      try {
        total += Files.size(path);
      } catch (IOException e) {
        throw new SourceException(name + ": can't be read: " + e.getMessage(), e);
      }
    }
    return OptionalLong.of(total);
  }

  private void add(String name, InputStream stdin) throws SourceException {
    boolean isStdin = name.equals(STDIN);
    Path path = isStdin ? null : Path.of(name);
    String shown = isStdin ? "stdin" : name;
    long before = bytesRead.get();
    CsvFile file =
        CsvFile.open(
            shown, counted(isStdin ? stdin : stream(path)), isReadOnce() ? checksum : null);
    open.add(file);
    paths.add(path);
    files.add(new SourceFile(files.size(), shown, file.readHeader()));
    if (!isStdin && Files.isRegularFile(path) && files.size() > 1) {
      // Opened again when its turn comes: a thousand files must not take a thousand descriptors.
      closeQuietly(file);
      open.set(files.size() - 1, null);
      bytesRead.set(before);
    }
  }

  private static InputStream stream(Path path) throws SourceException {
    try {
      if (Files.isDirectory(path)) {
        throw new SourceException(path + ": is a directory; name the files in it");
      }
      return Files.newInputStream(path);
    } catch (NoSuchFileException e) {
      throw new SourceException(path + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new SourceException(path + ": permission denied", e);
    } catch (SourceException e) {
      throw e;
    } catch (IOException e) {
      throw new SourceException(path + ": can't be opened: " + e.getMessage(), e);
    }
  }

  /**
   * The run's files, in the order given.
   *
   * @return one for each name
   */
  public List<SourceFile> files() {
    return List.copyOf(files);
  }

  /**
   * Reads on.
   *
   * @return the next record, readable or not; null at the end of the last file
   * @throws SourceException when a file can't be read to its end; what was read before is good
   */
  public CsvRecord next() throws SourceException {
    while (current < files.size()) {
      CsvRecord record = file().next(files.get(current), linesBefore[current]);
      if (record != null) {
        checksumAfterRecord = checksum.value();
        begun = true;
        return record;
      }
      nextFile();
    }
    return null;
  }

  private CsvFile file() throws SourceException {
    CsvFile file = open.get(current);
    if (file == null) {
      SourceFile expected = files.get(current);
      file =
          CsvFile.open(
              expected.name(), counted(stream(paths.get(current))), isReadOnce() ? checksum : null);
      open.set(current, file);
      if (!file.readHeader().equals(expected.header())) {
        throw new SourceException(
            expected.name() + " line 1: the header changed while the run was reading");
      }
    }
    return file;
  }

  private void nextFile() {
    int ended = current;
    CsvFile done = open.get(ended);
    if (ended + 1 < linesBefore.length) {
      linesBefore[ended + 1] = linesBefore[ended] + done.lastLine();
    }
    closeQuietly(done);
    open.set(ended, null);
    current = ended + 1; // volatile: whoever sees the new file sees the lines before it
  }

  /**
   * What the files are, for the ledger: size and checksum of all that can be read twice.
   *
   * @return one for each file
   * @throws SourceException when a file can't be read
   */
  public List<FileContent> contents() throws SourceException {
    List<FileContent> contents = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      Path path = paths.get(i);
      contents.add(
          FileContent.of(
              files.get(i).name(), path != null && Files.isRegularFile(path) ? path : null));
    }
    return contents;
  }

  /**
   * Whether something comes from standard input or a pipe.
   *
   * @return true when the input's end and content are not known before
   */
  public boolean isReadOnce() {
    return bytesTotal.isEmpty();
  }

  /**
   * The {@link Checksum} of all lines up to the last record, of input that can be read only once:
   * the same bytes give the same at the same record.
   *
   * @return 16 hex digits
   * @throws IllegalStateException before the first record, and of files that can be read again
   */
  public String checksumSoFar() {
    if (!begun || !isReadOnce()) {
      throw new IllegalStateException("no record was read of input that can be read only once");
    }
    return Checksum.hex(checksumAfterRecord);
  }

  /**
   * Turns a record's number back into where it stands.
   *
   * @param number of a record that was read
   * @return such as {@code contacts.csv line 12}
   */
  public String place(long number) {
    int file = Math.min(current, files.size() - 1);
    while (file > 0 && linesBefore[file] >= number) {
      file--;
    }
    return files.get(file).name() + " line " + (number - linesBefore[file]);
  }

  /**
   * How far the reading is, in bytes as they stand on disk (compressed, where a file is).
   *
   * @return grows up to {@link #bytesTotal}, where that is known
   */
  public long bytesRead() {
    return bytesTotal.isPresent()
        ? Math.min(bytesRead.get(), bytesTotal.getAsLong())
        : bytesRead.get();
  }

  /**
   * The size of all files together.
   *
   * @return bytes; empty when one is a pipe or standard input
   */
  public OptionalLong bytesTotal() {
    return bytesTotal;
  }

  /**
   * A bound on the number of records, as far as the files' size tells: a compressed record takes 20
   * bytes and more.
   *
   * @return {@link Long#MAX_VALUE} when one is a pipe or standard input
   */
  public long mostRecords() {
    return bytesTotal.isPresent() ? bytesTotal.getAsLong() / 20 : Long.MAX_VALUE;
  }

  private InputStream counted(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public int read() throws IOException {
        int b = super.read();
        bytesRead.addAndGet(b < 0 ? 0 : 1);
        return b;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        bytesRead.addAndGet(Math.max(count, 0));
        return count;
      }

      /** Nobody needs to know, and a named pipe that is open as a channel fails when asked. */
      @Override
      public int available() {
        return 0;
      }
    };
  }

  @Override
  public void close() {
    open.forEach(CsvSource::closeQuietly);
  }

  private static void closeQuietly(CsvFile file) {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // Nothing was written: what could not be closed can't have lost anything.
    }
  }
}
