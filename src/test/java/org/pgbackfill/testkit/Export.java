package org.pgbackfill.testkit;

import java.io.IOException;
import java.io.Writer;
import java.util.EnumMap;
import java.util.Map;
import org.pgbackfill.testkit.ExportGenerator.Figures;
import org.pgbackfill.testkit.Layout.Kind;

/** A header and records that can be made one by one, in any order. */
interface Export {
  /** How much text to hand on at once. */
  int BUFFER_CHARS = 1 << 16;

  ExportOptions options();

  Layout layout();

  /** The header's line, without the line end. */
  String header();

  /** Adds the record at a position, without the line end. */
  void append(StringBuilder out, long position);

  /** Writes the whole export. Contacts have no unkeyed records; theirs count as fresh. */
  default Figures writeTo(Writer writer) throws IOException {
    String lineEnd = options().lineEnd().text();
    StringBuilder out = new StringBuilder(BUFFER_CHARS + 4096).append(header()).append(lineEnd);
    Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    for (long position = 0; position < options().records(); position++) {
      append(out, position);
      out.append(lineEnd);
      counts.merge(layout().kindAt(position), 1L, Long::sum);
      if (out.length() >= BUFFER_CHARS) {
        writer.append(out);
        out.setLength(0);
      }
    }
    writer.append(out);
    writer.flush();
    return Figures.of(counts);
  }

  /** The record at a position, without the line end. */
  default String record(long position) {
    StringBuilder out = new StringBuilder();
    append(out, position);
    return out.toString();
  }
}
