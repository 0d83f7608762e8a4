package org.pgbackfill.ledger;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A chunk's outcomes as the ledger keeps them, all in the chunk's order, or some with the numbers
 * of their records: a byte for the kind; for all but new rows and rejects the id, where ids are
 * kept; for all but new rows the detail. An id that is not kept reads as unknown.
 */
final class OutcomeCodec {
  private static final byte KEPT_IDS = 1;

  /** A kind's place here is its byte, so that new ones come last. */
  private static final List<Outcome.Kind> KINDS =
      List.of(
          Outcome.Kind.INSERTED,
          Outcome.Kind.EXISTING,
          Outcome.Kind.DUPLICATE,
          Outcome.Kind.REJECTED,
          Outcome.Kind.FILLED,
          Outcome.Kind.OVERWRITTEN);

  private OutcomeCodec() {}

  private static byte code(Outcome.Kind kind) {
    return (byte) KINDS.indexOf(kind);
  }

  /** What there is behind the first byte, which says what is kept. */
  private interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  /** All of a chunk. */
  static byte[] encode(List<Outcome> outcomes, Keep keep) {
    return keep == Keep.KINDS && outcomes.stream().allMatch(OutcomeCodec::isKindAlone)
        ? kinds(outcomes)
        : withMore(outcomes, keep);
  }

  private static boolean isKindAlone(Outcome outcome) {
    return outcome.kind() != Outcome.Kind.REJECTED;
  }

  /** What {@link #withMore} gives where there is no more than a byte to write for each. */
  private static byte[] kinds(List<Outcome> outcomes) {
    byte[] bytes = new byte[1 + outcomes.size()];
    int at = 1;
    for (Outcome outcome : outcomes) {
      bytes[at++] = code(outcome.kind());
    }
    return bytes;
  }

  private static byte[] withMore(List<Outcome> outcomes, Keep keep) {
    return encode(
        keep,
        out -> {
          for (Outcome outcome : outcomes) {
            write(out, outcome, keep);
          }
        });
  }

  /** Some, by the numbers of their records. */
  static byte[] encode(Map<Long, Outcome> outcomes, Keep keep) {
    return encode(
        keep,
        out -> {
          for (Map.Entry<Long, Outcome> entry : outcomes.entrySet()) {
            out.writeLong(entry.getKey());
            write(out, entry.getValue(), keep);
          }
        });
  }

  private static byte[] encode(Keep keep, Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(keep == Keep.IDS ? KEPT_IDS : 0);
      body.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, Outcome outcome, Keep keep) throws IOException {
    out.writeByte(code(outcome.kind()));
    switch (outcome.kind()) {
      case INSERTED -> {}
      case EXISTING, FILLED, OVERWRITTEN, DUPLICATE -> {
        if (keep == Keep.IDS) {
          out.writeLong(outcome.id().getMostSignificantBits());
          out.writeLong(outcome.id().getLeastSignificantBits());
          writeText(out, outcome.detail() == null ? "" : outcome.detail());
        }
      }
      case REJECTED -> writeText(out, outcome.detail());
    }
  }

  private static void writeText(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** One entry behind the first byte. */
  private interface Entry {
    void read(DataInputStream in, boolean ids) throws IOException;
  }

  /** All of a chunk; a new row's id is nil, for its record has it. */
  static List<Outcome> decode(byte[] bytes) {
    List<Outcome> outcomes = new ArrayList<>();
    decode(bytes, (in, ids) -> outcomes.add(read(in, ids)));
    return outcomes;
  }

  /** Some, by the numbers of their records; a new row's id is nil, for its record has it. */
  static Map<Long, Outcome> decodeSome(byte[] bytes) {
    Map<Long, Outcome> outcomes = new HashMap<>();
    decode(bytes, (in, ids) -> outcomes.put(in.readLong(), read(in, ids)));
    return outcomes;
  }

  private static void decode(byte[] bytes, Entry entry) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      boolean ids = in.readByte() == KEPT_IDS;
      while (in.available() > 0) {
        entry.read(in, ids);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the ledger's outcomes break off", e);
    }
  }

  private static Outcome read(DataInputStream in, boolean ids) throws IOException {
    Outcome.Kind kind = KINDS.get(in.readByte());
    return switch (kind) {
      case INSERTED -> Outcome.inserted(Outcome.UNKNOWN_ID);
      case EXISTING, FILLED, OVERWRITTEN, DUPLICATE -> {
        UUID id = ids ? new UUID(in.readLong(), in.readLong()) : Outcome.UNKNOWN_ID;
        String detail = ids ? readText(in) : "";
        yield new Outcome(kind, id, detail.isEmpty() ? null : detail);
      }
      case REJECTED -> Outcome.rejected(readText(in));
    };
  }

  private static String readText(DataInputStream in) throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
  }

  /** How much of an outcome is kept. */
  enum Keep {
    /** What counters and the reject file need. */
    KINDS,
    /** What the outcome file needs, too. */
    IDS
  }
}
