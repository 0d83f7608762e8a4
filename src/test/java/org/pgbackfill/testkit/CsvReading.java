package org.pgbackfill.testkit;

import com.opencsv.CSVReader;
import com.opencsv.CSVReaderBuilder;
import com.opencsv.RFC4180ParserBuilder;
import com.opencsv.exceptions.CsvException;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;

/** Reads an export whole, by a parser that the generator does not share. */
final class CsvReading {
  private CsvReading() {}

  /** All records without the header, ragged ones too. */
  static List<String[]> records(String export) throws IOException {
    try (CSVReader reader =
        new CSVReaderBuilder(new StringReader(export))
            .withCSVParser(new RFC4180ParserBuilder().build())
            .withKeepCarriageReturn(true)
            .withSkipLines(1)
            .build()) {
      return reader.readAll();
    } catch (CsvException e) {
      throw new IOException(e);
    }
  }
}
