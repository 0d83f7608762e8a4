package org.pgbackfill.testkit;

import com.opencsv.CSVReader;
import com.opencsv.CSVReaderBuilder;
import com.opencsv.RFC4180ParserBuilder;
import com.opencsv.exceptions.CsvException;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.pgbackfill.testkit.Csv.Quotes;

/**
 * A CSV file whole in memory, to be shuffled, split, looked up and written again.
 *
 * @param header the names
 * @param rows the values of each record, as many as the header has
 */
public record Records(List<String> header, List<List<String>> rows) {
  /** Copies. */
  public Records {
    header = List.copyOf(header);
    rows = List.copyOf(rows);
  }

  /** Reads a file. */
  public static Records read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads text. */
  public static Records parse(String csv) {
    try (CSVReader reader =
        new CSVReaderBuilder(new StringReader(csv))
            .withCSVParser(new RFC4180ParserBuilder().build())
            .withKeepCarriageReturn(true)
            .build()) {
      List<List<String>> all = reader.readAll().stream().map(List::of).toList();
      return new Records(all.get(0), all.subList(1, all.size()));
    } catch (IOException | CsvException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** How many records. */
  public int size() {
    return rows.size();
  }

  /** One value. */
  public String value(int row, String column) {
    return rows.get(row).get(header.indexOf(column));
  }

  /** All values of a column. */
  public List<String> column(String column) {
    int position = header.indexOf(column);
    return rows.stream().map(row -> row.get(position)).toList();
  }

  /** The same records in an order that the seed decides. */
  public Records shuffled(long seed) {
    List<List<String>> all = new ArrayList<>(rows);
    Collections.shuffle(all, new Random(seed));
    return new Records(header, all);
  }

  /** Some of them. */
  public Records part(int from, int to) {
    return new Records(header, rows.subList(from, to));
  }

  /** These and those. */
  public Records and(Records more) {
    return new Records(header, Stream.concat(rows.stream(), more.rows.stream()).toList());
  }

  /** With one more column, in front. */
  public Records with(String column, IntFunction<String> value) {
    List<List<String>> all = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      all.add(Stream.concat(Stream.of(value.apply(row)), rows.get(row).stream()).toList());
    }
    return new Records(Stream.concat(Stream.of(column), header.stream()).toList(), all);
  }

  /** Writes the file. */
  public Path write(Path file) {
    StringBuilder out = new StringBuilder();
    append(out, header);
    rows.forEach(row -> append(out, row));
    try {
      return Files.writeString(file, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void append(StringBuilder out, List<String> values) {
    for (int i = 0; i < values.size(); i++) {
      out.append(i == 0 ? "" : ",");
      Csv.append(out, values.get(i), Quotes.WHERE_NEEDED);
    }
    out.append('\n');
  }
}
