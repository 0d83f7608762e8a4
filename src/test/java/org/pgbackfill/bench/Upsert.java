package org.pgbackfill.bench;

import com.opencsv.CSVReader;
import com.opencsv.CSVReaderBuilder;
import com.opencsv.RFC4180ParserBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What is loaded, in the words of {@code INSERT ... ON CONFLICT DO UPDATE}.
 *
 * @param columns those of the export in its order, then what is made here
 * @param types of the columns
 * @param key the columns that the arbiter decides by, as positions
 * @param onConflict what stands behind ON CONFLICT
 */
record Upsert(
    String table, List<String> columns, List<String> types, List<Integer> key, String onConflict) {

  /** Ids by the table's default. An existing contact gets the export's name. */
  static final Upsert CONTACTS =
      new Upsert(
          "email_contacts",
          List.of("link_id", "email_address", "name"),
          List.of("uuid", "text", "text"),
          List.of(0, 1),
          "(link_id, email_address) DO UPDATE SET name = excluded.name, updated_at = now()");

  /** Ids in the order of the file. An existing job is rewritten as it is, to get its id back. */
  static final Upsert JOBS =
      new Upsert(
          "chancy_jobs",
          List.of(
              "func",
              "queue",
              "kwargs",
              "priority",
              "max_attempts",
              "scheduled_at",
              "unique_key",
              "limits",
              "meta",
              "id"),
          List.of(
              "text",
              "text",
              "jsonb",
              "int",
              "int",
              "timestamptz",
              "text",
              "jsonb",
              "jsonb",
              "uuid"),
          List.of(6),
          """
          (unique_key) WHERE unique_key IS NOT NULL AND state NOT IN ('succeeded', 'failed')
          DO UPDATE SET state = excluded.state
          RETURNING id
          """);

  Upsert {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
    key = List.copyOf(key);
  }

  static Upsert of(String name) {
    return switch (name) {
      case "contacts" -> CONTACTS;
      case "jobs" -> JOBS;
      default -> throw new IllegalArgumentException("neither contacts nor jobs: " + name);
    };
  }

  int width() {
    return columns.size();
  }

  /** One statement for any number of rows: a parameter for each column, an array of text. */
  String fromArrays() {
    String arrays =
        types.stream().map(type -> "?::text[]::" + type + "[]").collect(Collectors.joining(", "));
    return """
    INSERT INTO %s (%s)
    SELECT * FROM unnest(%s)
    ON CONFLICT %s
    """
        .formatted(table, String.join(", ", columns), arrays, onConflict);
  }

  /** One row: a parameter for each column, a text. */
  String ofOneRow() {
    String values =
        types.stream().map(type -> "?::text::" + type).collect(Collectors.joining(", "));
    return "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT %s"
        .formatted(table, String.join(", ", columns), values, onConflict);
  }

  /** The order of the key, so that two that load the same keys wait instead of dying. */
  Comparator<String[]> order() {
    return key.stream()
        .map(column -> Comparator.comparing((String[] row) -> row[column]))
        .reduce(Comparator::thenComparing)
        .orElseThrow();
  }

  /**
   * The export's records.
   *
   * @param file with exactly these columns in this order; of jobs, without the ids
   * @return a reader behind the header; the caller closes it
   */
  static CSVReader open(Path file) throws IOException {
    return new CSVReaderBuilder(Files.newBufferedReader(file, StandardCharsets.UTF_8))
        .withCSVParser(new RFC4180ParserBuilder().build())
        .withSkipLines(1)
        .build();
  }

  /**
   * A record as a row: the empty field is NULL, and a job gets its id.
   *
   * @param number of the record, from 1
   */
  String[] row(String[] fields, long number) {
    String[] row = new String[width()];
    for (int i = 0; i < fields.length; i++) {
      row[i] = fields[i].isEmpty() ? null : fields[i];
    }
    if (fields.length < row.length) {
      // Version 7 in layout, one millisecond for all, the number behind it: grows with the file.
      row[width() - 1] = new UUID(0x019a_0000_0000_7000L, Long.MIN_VALUE | number).toString();
    }
    return row;
  }
}
