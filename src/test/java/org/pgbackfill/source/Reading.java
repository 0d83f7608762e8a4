package org.pgbackfill.source;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads for tests: standard input, whole. */
final class Reading {
  private Reading() {}

  static CsvSource open(InputStream in) throws SourceException {
    return CsvSource.open(List.of("-"), in);
  }

  static CsvSource open(byte[] bytes) throws SourceException {
    return open(new ByteArrayInputStream(bytes));
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static List<CsvRecord> records(CsvSource source) throws SourceException {
    List<CsvRecord> records = new ArrayList<>();
    for (CsvRecord record = source.next(); record != null; record = source.next()) {
      records.add(record);
    }
    return records;
  }

  /** One line for each record: its line, and its fields in brackets or its fault. */
  static List<String> shown(CsvSource source) throws SourceException {
    try (source) {
      return records(source).stream().map(Reading::shown).toList();
    }
  }

  static List<String> shown(String text) throws SourceException {
    return shown(open(utf8(text)));
  }

  private static String shown(CsvRecord record) {
    return record.line()
        + " "
        + (record.fault() == null
            ? "[" + String.join("|", record.values()) + "]"
            : record.fault() + ": " + record.values().get(0));
  }
}
