package org.pgbackfill.fuzz;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;

/** The first inputs of {@code scripts/fuzz}, so that every build feeds some. */
class FuzzTest {
  @Test
  void hostileInputNeitherBreaksTheReaderNorLosesCount() throws IOException {
    FuzzMain fuzz = new FuzzMain(1);
    long records = 0;
    for (int i = 0; i < 20_000; i++) {
      records += fuzz.feed(i);
    }
    assertTrue(records > 50_000, "only " + records + " records: is anything read?");
  }

  /** The control: the comparison sees a record that is lost, and one that is read twice. */
  @Test
  void theComparisonSeesALossAndADouble() throws IOException {
    byte[] bytes =
        (FuzzMain.CONTACT_HEADER + "a,b,c,d\n\"e\ne\",f,g,h\n").getBytes(StandardCharsets.UTF_8);
    List<CsvRecord> records = new ArrayList<>();
    try (CsvSource source =
        CsvSource.open(List.of(CsvSource.STDIN), new ByteArrayInputStream(bytes))) {
      for (CsvRecord record = source.next(); record != null; record = source.next()) {
        records.add(record);
      }
    }
    FuzzMain.compare(bytes, FuzzMain.CONTACT_HEADER, records);
    assertThrows(
        AssertionError.class,
        () -> FuzzMain.compare(bytes, FuzzMain.CONTACT_HEADER, records.subList(0, 1)));
    records.add(records.get(1));
    assertThrows(
        AssertionError.class, () -> FuzzMain.compare(bytes, FuzzMain.CONTACT_HEADER, records));
  }
}
