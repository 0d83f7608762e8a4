package org.pgbackfill.source;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;

/**
 * Sorts more than memory holds: what does not fit goes in sorted pieces through one file in the
 * JVM's temporary folder, and comes back merged. Entries with equal keys come in the order in which
 * they were added.
 *
 * <p>The file is readable by its owner alone. It is deleted as soon as it is open, so that nothing
 * is left of it however the process ends; its space is free when this is closed. For one thread at
 * a time, and one use: add all, then read all.
 */
public final class SpillSort implements Closeable {
  /**
   * One thing to sort.
   *
   * @param key compared as unsigned bytes
   * @param value goes with it
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares entries, and a copy for each is dear
  public record Entry(byte[] key, byte[] value) {}

  /** An entry's objects on a 64-bit JVM, besides its bytes. */
  private static final long ENTRY_BYTES = 80;

  /** How many pieces are merged at a time; each has a buffer. */
  private static final int MOST_PIECES = 64;

  private static final int BUFFER_BYTES = 16 * 1024;

  /** No piece is longer than this in memory, so nothing is smaller in sum. */
  private static final long SMALLEST_MEMORY = 64 * 1024;

  /** Where a sorted piece stands in the file. */
  private record Piece(long from, long to) {}

  private final long memoryBytes;
  private final List<Entry> held = new ArrayList<>();
  private List<Piece> pieces = new ArrayList<>();
  private long heldBytes;
  private long size;
  private FileChannel file;
  private long end;

  /**
   * An empty one; there is no file until one is needed.
   *
   * @param memoryBytes what may be held at a time, about; 64 KiB at least
   */
  public SpillSort(long memoryBytes) {
    this.memoryBytes = Math.max(SMALLEST_MEMORY, memoryBytes);
  }

  /**
   * Adds an entry.
   *
   * @param key compared as unsigned bytes; not to be changed any more
   * @param value goes with it; not to be changed any more
   * @throws UncheckedIOException when the temporary folder takes no more
   */
  public void add(byte[] key, byte[] value) {
    held.add(new Entry(key, value));
    heldBytes += ENTRY_BYTES + key.length + value.length;
    size++;
    if (heldBytes >= memoryBytes) {
      spill();
    }
  }

  /**
   * How many entries were added.
   *
   * @return 0 and more
   */
  public long size() {
    return size;
  }

  /** How many sorted pieces are in the file. */
  int pieces() {
    return pieces.size();
  }

  /** Gives the entries one by one; for one thread. */
  public interface Entries {
    /**
     * The next entry.
     *
     * @return in the order of keys; null at the end
     * @throws UncheckedIOException when the file can't be read
     */
    Entry next();
  }

  /**
   * Sorts what was added; nothing may be added from now on.
   *
   * @return to be read before this is closed
   * @throws UncheckedIOException when the temporary folder takes no more
   */
  public Entries sorted() {
    if (file == null) {
      sortHeld();
      var rest = held.iterator();
      return () -> rest.hasNext() ? rest.next() : null;
    }
    spill();
    while (pieces.size() > MOST_PIECES) {
      mergeOnce();
    }
    return new Merge(pieces);
  }

  private void sortHeld() {
    held.sort((a, b) -> Arrays.compareUnsigned(a.key, b.key));
  }

  private void spill() {
    if (!held.isEmpty()) {
      sortHeld();
      var rest = held.iterator();
      pieces.add(write(() -> rest.hasNext() ? rest.next() : null));
      held.clear();
      heldBytes = 0;
    }
  }

  /** Neighbours become one piece, so that equal keys stay in their order. */
  private void mergeOnce() {
    List<Piece> merged = new ArrayList<>();
    for (int from = 0; from < pieces.size(); from += MOST_PIECES) {
      List<Piece> some = pieces.subList(from, Math.min(from + MOST_PIECES, pieces.size()));
      merged.add(some.size() == 1 ? some.get(0) : write(new Merge(some)));
    }
    pieces = merged;
  }

  private Piece write(Entries entries) {
    try {
      file = file == null ? open() : file;
      long from = end;
      try (DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(new Appending(), BUFFER_BYTES))) {
        for (Entry entry = entries.next(); entry != null; entry = entries.next()) {
          out.writeInt(entry.key.length);
          out.write(entry.key);
          out.writeInt(entry.value.length);
          out.write(entry.value);
        }
      }
      return new Piece(from, end);
    } catch (IOException e) {
      throw failed("written", e);
    }
  }

  private static Path folder() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  private static FileChannel open() throws IOException {
    FileAttribute<?>[] ownersAlone =
        FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    return FileChannel.open(
        folder().resolve("pgbackfill-" + UUID.randomUUID() + ".sort"),
        Set.of(
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE), // on Unix: as soon as it is open
        ownersAlone);
  }

  private static UncheckedIOException failed(String what, IOException e) {
    return new UncheckedIOException(
        "the temporary folder "
            + folder()
            + " is needed for sorting, and can't be "
            + what
            + ": "
            + e.getMessage()
            + "; make room there, or name another with"
            + " PGBACKFILL_OPTS=-Djava.io.tmpdir=FOLDER",
        e);
  }

  /** Writes behind the end; closing it leaves the file open. */
  private final class Appending extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      while (buffer.hasRemaining()) {
        end += file.write(buffer, end);
      }
    }
  }

  /** Reads a piece, whatever is read beside it. */
  private final class Reading extends InputStream {
    private final long to;
    private long at;

    Reading(Piece piece) {
      this.at = piece.from;
      this.to = piece.to;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (at == to) {
        return -1;
      }
      int count = file.read(ByteBuffer.wrap(bytes, offset, (int) Math.min(length, to - at)), at);
      at += Math.max(0, count);
      return count;
    }
  }

  /** Pieces as one; of equal keys that of the earlier piece comes first. */
  private final class Merge implements Entries {
    private final class Source implements Comparable<Source> {
      private final int place;
      private final DataInputStream in;
      private Entry next;

      Source(int place, Piece piece) {
        this.place = place;
        this.in = new DataInputStream(new BufferedInputStream(new Reading(piece), BUFFER_BYTES));
      }

      boolean advance() throws IOException {
        in.mark(1);
        if (in.read() < 0) {
          return false;
        }
        in.reset();
        next = new Entry(in.readNBytes(in.readInt()), in.readNBytes(in.readInt()));
        return true;
      }

      @Override
      public int compareTo(Source other) {
        int keys = Arrays.compareUnsigned(next.key, other.next.key);
        return keys != 0 ? keys : Integer.compare(place, other.place);
      }
    }

    private final PriorityQueue<Source> sources = new PriorityQueue<>();

    Merge(List<Piece> some) {
      try {
        for (Piece piece : some) {
          add(new Source(sources.size(), piece));
        }
      } catch (IOException e) {
        throw failed("read", e);
      }
    }

    private void add(Source source) throws IOException {
      if (source.advance()) {
        sources.add(source);
      }
    }

    @Override
    public Entry next() {
      Source first = sources.poll();
      if (first == null) {
        return null;
      }
      Entry entry = first.next;
      try {
        add(first);
      } catch (IOException e) {
        throw failed("read", e);
      }
      return entry;
    }
  }

  @Override
  public void close() {
    held.clear();
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // It is deleted; nothing of it is needed any more.
    }
  }
}
