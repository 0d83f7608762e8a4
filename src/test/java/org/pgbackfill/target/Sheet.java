package org.pgbackfill.target;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;

/** An export of one record, and what the checks make of it. */
final class Sheet {
  static final UUID DERIVED = UUID.fromString("0190a0b0-c0d0-7000-8000-000000000001");

  private final byte[] csv;

  private Sheet(byte[] csv) {
    this.csv = csv;
  }

  /** From header and value by turns. */
  static Sheet of(String... namesAndValues) {
    StringBuilder header = new StringBuilder();
    StringBuilder values = new StringBuilder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      header.append(i == 0 ? "" : ",").append(quoted(namesAndValues[i]));
      values.append(i == 0 ? "" : ",").append(quoted(namesAndValues[i + 1]));
    }
    return new Sheet((header + "\n" + values + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** From the bytes of a file, one for each character. */
  static Sheet ofBytes(String latin1) {
    return new Sheet(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String quoted(String value) {
    return '"' + value.replace("\"", "\"\"") + '"';
  }

  CsvSource open() {
    try {
      return CsvSource.open(List.of("-"), new ByteArrayInputStream(csv));
    } catch (SourceException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Checked as a contact. */
  Result contact() {
    try (CsvSource source = open()) {
      return result(new ContactsTarget("contacts", source.files(), Map.of(), null), source);
    }
  }

  /** Checked as a job. */
  Result job() {
    try (CsvSource source = open()) {
      return result(new JobsTarget("chancy_", source.files(), Map.of()), source);
    }
  }

  private static Result result(Target target, CsvSource source) {
    try {
      CsvRecord record = source.next();
      return new Result(target, target.check(record, number -> DERIVED));
    } catch (SourceException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A checked record, and the target that checked it. */
  record Result(Target target, Checked checked) {
    Row row() {
      if (checked instanceof Reject reject) {
        throw new AssertionError("rejected: " + reject.reason());
      }
      return (Row) checked;
    }

    /** The reason of a reject; {@code loads} when it is none. */
    String reason() {
      return checked instanceof Reject reject ? reject.reason() : "loads";
    }

    String value(String column) {
      List<String> names = target.columns().stream().map(Column::name).toList();
      return row().value(names.indexOf(column));
    }
  }
}
