package org.pgbackfill.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.RecordCodec;
import org.pgbackfill.source.SourceFile;

/**
 * A record with its foreseen outcome, on its way back into input order.
 *
 * @param record of the export
 * @param outcome what would become of it
 */
record Foreseen(CsvRecord record, Outcome outcome) {
  /** The number, whose bytes sort as numbers do. */
  byte[] key() {
    return ByteBuffer.allocate(Long.BYTES).putLong(record.number()).array();
  }

  byte[] value() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(outcome.kind().name());
      out.writeUTF(outcome.id() == null ? "" : outcome.id().toString());
      byte[] detail = Objects.requireNonNullElse(outcome.detail(), "").getBytes(UTF_8);
      out.writeInt(detail.length);
      out.write(detail);
      out.write(RecordCodec.encode(record));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  static Foreseen read(byte[] value, List<SourceFile> files) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(value))) {
      Outcome.Kind kind = Outcome.Kind.valueOf(in.readUTF());
      String id = in.readUTF();
      String detail = new String(in.readNBytes(in.readInt()), UTF_8);
      return new Foreseen(
          RecordCodec.decode(in.readAllBytes(), files),
          new Outcome(
              kind, id.isEmpty() ? null : UUID.fromString(id), detail.isEmpty() ? null : detail));
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }
}
