package org.pgbackfill.load;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.target.Rows;
import org.pgbackfill.target.Timestamps;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * New rows by binary COPY (PostgreSQL documentation, COPY, "Binary Format"): the quickest way in,
 * which refuses the whole chunk when somebody was quicker with one of its keys. Immutable and safe
 * between threads.
 */
final class BinaryCopy {
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  /** A row has these as numbers; all else as text. */
  private static final Set<String> UUIDS = Set.of("id", "link_id");

  private static final int NULL = -1;
  private static final int BUFFER_BYTES = 64 * 1024;

  /** So many rows are looked at together. */
  private static final int AHEAD = 64;

  /**
   * A column that a chunk may write.
   *
   * @param position among the target's columns
   */
  record Field(int position, String name, String type, Empty empty) {}

  /** What becomes of a field that is empty. */
  enum Empty {
    /** NULL, or it never is. */
    NULL,
    /** The transaction's time, which can be asked for and sent. */
    NOW,
    /** The same, as the table's own default: the column may be left out as well. */
    DEFAULT_NOW,
    /** The table's own default, which takes the column's absence. */
    DEFAULT,
    /** An expression of ours, which only an INSERT has. */
    EXPRESSION;

    /** As pg_get_expr shows them. */
    private static final Set<String> TRANSACTION_TIME = Set.of("now()", "CURRENT_TIMESTAMP");

    /**
     * By what an empty field's value is.
     *
     * @param isDefault whether the table says so
     * @param sql null for NULL
     */
    static Empty of(boolean isDefault, String sql) {
      if (sql == null) {
        return NULL;
      }
      if (TRANSACTION_TIME.contains(sql)) {
        return isDefault ? DEFAULT_NOW : NOW;
      }
      return isDefault ? DEFAULT : EXPRESSION;
    }

    boolean isNow() {
      return this == NOW || this == DEFAULT_NOW;
    }
  }

  /** How a type's values travel: as its receive function wants them. */
  private enum Encoding {
    UUID {
      @Override
      void put(Buffer out, String value) {
        throw new IllegalStateException("the row has it as a number");
      }
    },
    TEXT {
      @Override
      void put(Buffer out, byte[] bytes, int from, int to) {
        out.putInt(to - from);
        out.put(bytes, from, to);
      }
    },
    JSONB {
      @Override
      void put(Buffer out, byte[] bytes, int from, int to) {
        out.putInt(to - from + 1);
        out.putByte(1); // the format's version
        out.put(bytes, from, to);
      }
    },
    INTEGER {
      @Override
      void put(Buffer out, String value) {
        out.putInt(Integer.BYTES);
        out.putInt(Integer.parseInt(value));
      }
    },
    TIMESTAMP {
      @Override
      void put(Buffer out, String value) {
        out.putInt(Long.BYTES);
        out.putLong(Timestamps.micros(value));
      }
    };

    /** One of the two ways to put a value is an encoding's own, and the other one comes to it. */
    void put(Buffer out, String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      put(out, bytes, 0, bytes.length);
    }

    /** Text in UTF-8. */
    void put(Buffer out, byte[] bytes, int from, int to) {
      put(out, new String(bytes, from, to - from, StandardCharsets.UTF_8));
    }

    /** Null for a type that is left to the server's own reading of text. */
    static Encoding of(String type) {
      return switch (type) {
        case "uuid" -> UUID;
        case "text", "character varying", "json" -> TEXT;
        case "jsonb" -> JSONB;
        case "integer" -> INTEGER;
        case "timestamp with time zone" -> TIMESTAMP;
        default -> null;
      };
    }
  }

  private final String table;
  private final List<Field> fields;
  private final List<Encoding> encodings;

  private BinaryCopy(String table, List<Field> fields, List<Encoding> encodings) {
    this.table = table;
    this.fields = fields;
    this.encodings = encodings;
  }

  /**
   * Fits the columns.
   *
   * @param table as SQL wants it
   * @param fields what is written
   * @return null when a column has a type that this does not know
   */
  static BinaryCopy of(String table, List<Field> fields) {
    List<Encoding> encodings = new ArrayList<>();
    for (Field field : fields) {
      Encoding encoding = Encoding.of(field.type());
      if (encoding == null
          || (encoding == Encoding.UUID && !UUIDS.contains(field.name()))
          || (encoding != Encoding.UUID && UUIDS.contains(field.name()))) {
        return null;
      }
      encodings.add(encoding);
    }
    return new BinaryCopy(table, List.copyOf(fields), List.copyOf(encodings));
  }

  /**
   * Inserts the rows in their order.
   *
   * @param rows of the chunk
   * @param places in lock order, of those that are to go in, none of which is there
   * @param ids by how many go in before
   * @return how many the server took; -1 when these rows can't go this way, and nothing was done
   * @throws SQLException as any statement; 23505 when somebody was quicker
   */
  long insert(Connection connection, Rows rows, int[] places, IntFunction<UUID> ids)
      throws SQLException {
    int[] present = present(rows, places);
    boolean[] written = new boolean[present.length];
    boolean asksTime = false;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < written.length; i++) {
      Field field = fields.get(i);
      Empty empty = field.empty();
      written[i] = present[i] > 0 || empty == Empty.NOW;
      boolean lacksSome = written[i] && present[i] < places.length;
      if (lacksSome ? !isTime(i) : empty == Empty.EXPRESSION && present[i] < places.length) {
        return -1; // COPY has no default for one row and a value for the next
      }
      asksTime |= lacksSome;
      if (written[i]) {
        names.add(TargetTable.quoted(field.name()));
      }
    }
    long now = asksTime ? now(connection) : 0;
    String sql =
        "COPY %s (%s) FROM STDIN (FORMAT binary)".formatted(table, String.join(", ", names));
    CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
    try {
      send(copy, rows, places, ids, written, now);
      return copy.endCopy();
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private boolean isTime(int field) {
    return fields.get(field).empty().isNow() && encodings.get(field) == Encoding.TIMESTAMP;
  }

  /** The transaction's time, in microseconds since 2000-01-01 00:00 UTC. */
  private static long now(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(
                """
                SELECT (extract(epoch FROM now() - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint
                """);
        ResultSet result = statement.executeQuery()) {
      result.next();
      return result.getLong(1);
    }
  }

  /** By field: how many rows have it; all of them where it does not matter. */
  private int[] present(Rows rows, int[] places) {
    int[] present = new int[fields.size()];
    boolean[] matters = new boolean[present.length];
    for (int f = 0; f < present.length; f++) {
      matters[f] = fields.get(f).empty() != Empty.NULL;
      present[f] = matters[f] ? 0 : places.length;
    }
    for (int f = 0; f < present.length; f++) {
      int column = fields.get(f).position();
      for (int i = 0; matters[f] && i < places.length; i++) {
        present[f] += rows.has(places[i], column) ? 1 : 0;
      }
    }
    return present;
  }

  private void send(
      CopyIn copy, Rows rows, int[] places, IntFunction<UUID> ids, boolean[] written, long now)
      throws SQLException {
    int count = 0;
    for (boolean is : written) {
      count += is ? 1 : 0;
    }
    Buffer out = new Buffer();
    out.put(HEADER, 0, HEADER.length);
    for (int i = 0; i < places.length; i++) {
      if (i % AHEAD == 0) {
        out.seen = look(rows, places, i, Math.min(i + AHEAD, places.length));
      }
      out.putShort(count);
      for (int f = 0; f < written.length; f++) {
        if (written[f]) {
          if (fields.get(f).position() == 0) {
            out.putUuid(ids.apply(i));
          } else {
            put(out, rows, places[i], f, now);
          }
        }
      }
      if (out.size > BUFFER_BYTES) {
        copy.writeToCopy(out.bytes, 0, out.size);
        out.size = 0;
      }
    }
    out.putShort(NULL); // the end
    copy.writeToCopy(out.bytes, 0, out.size);
  }

  /**
   * Looks at rows whose turn comes next. In key order they lie all over the memory: what misses the
   * cache then waits side by side, and not one after the other.
   */
  private static long look(Rows rows, int[] places, int from, int to) {
    long all = 0;
    for (int i = from; i < to; i++) {
      byte[] block = rows.block(places[i]);
      all += block == null ? 0 : block[rows.first(places[i])];
    }
    return all;
  }

  private void put(Buffer out, Rows rows, int place, int field, long now) {
    int column = fields.get(field).position();
    Encoding encoding = encodings.get(field);
    if (encoding == Encoding.UUID) {
      out.putUuid(rows.link(place));
      return;
    }
    byte[] block = rows.block(place);
    int plain = block == null ? -1 : rows.position(place, column);
    if (plain >= 0) {
      int first = rows.first(place);
      encoding.put(
          out, block, CsvRecord.start(block, first, plain), CsvRecord.end(block, first, plain));
      return;
    }
    String value = rows.value(place, column);
    if (value != null) {
      encoding.put(out, value);
    } else if (fields.get(field).empty().isNow()) {
      out.putInt(Long.BYTES);
      out.putLong(now);
    } else {
      out.putInt(NULL);
    }
  }

  /** Bytes in network order. */
  private static final class Buffer {
    private byte[] bytes = new byte[2 * BUFFER_BYTES];
    private int size;

    /** What a look came by: without any effect it might be left out. */
    @SuppressWarnings("UnusedVariable")
    private long seen;

    private void room(int more) {
      if (size + more > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
      }
    }

    void putByte(int value) {
      room(Byte.BYTES);
      bytes[size++] = (byte) value;
    }

    void putShort(int value) {
      room(Short.BYTES);
      bytes[size] = (byte) (value >>> 8);
      bytes[size + 1] = (byte) value;
      size += Short.BYTES;
    }

    void putInt(int value) {
      room(Integer.BYTES);
      bytes[size] = (byte) (value >>> 24);
      bytes[size + 1] = (byte) (value >>> 16);
      bytes[size + 2] = (byte) (value >>> 8);
      bytes[size + 3] = (byte) value;
      size += Integer.BYTES;
    }

    void putLong(long value) {
      putInt((int) (value >>> 32));
      putInt((int) value);
    }

    void putUuid(UUID value) {
      putInt(2 * Long.BYTES);
      putLong(value.getMostSignificantBits());
      putLong(value.getLeastSignificantBits());
    }

    void put(byte[] from, int start, int end) {
      room(end - start);
      System.arraycopy(from, start, bytes, size, end - start);
      size += end - start;
    }
  }
}
