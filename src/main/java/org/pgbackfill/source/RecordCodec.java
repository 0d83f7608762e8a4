package org.pgbackfill.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** A record as bytes and back, for a {@link SpillSort}: nothing of it is lost. */
public final class RecordCodec {
  private RecordCodec() {}

  /**
   * Writes a record.
   *
   * @param record readable or not
   * @return to be read by {@link #decode} of the same process
   */
  public static byte[] encode(CsvRecord record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(record.file().index());
      out.writeLong(record.number());
      out.writeLong(record.line());
      out.writeBoolean(record.fault() != null);
      if (record.fault() != null) {
        write(out, record.fault());
      }
      List<String> values = record.values();
      out.writeInt(values.size());
      for (String value : values) {
        write(out, value);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, String text) throws IOException {
    byte[] bytes = Utf8.encode(text);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /**
   * Reads a record.
   *
   * @param bytes what {@link #encode} wrote
   * @param files of the source that the record came from
   * @return the record as it was
   */
  public static CsvRecord decode(byte[] bytes, List<SourceFile> files) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      SourceFile file = files.get(in.readInt());
      long number = in.readLong();
      long line = in.readLong();
      String fault = in.readBoolean() ? read(in) : null;
      String[] values = new String[in.readInt()];
      for (int i = 0; i < values.length; i++) {
        values[i] = read(in);
      }
      if (fault != null) {
        return CsvRecord.unreadable(number, file, line, values[0], fault);
      }
      return CsvRecord.of(number, file, line, values);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  private static String read(DataInputStream in) throws IOException {
    byte[] bytes = in.readNBytes(in.readInt());
    return Utf8.decode(bytes, 0, bytes.length);
  }
}
