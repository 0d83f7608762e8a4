package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What does not fit into memory is sorted all the same, and leaves nothing behind. */
class SpillSortTest {
  private static final long LITTLE = 64 * 1024;

  /** Keys of all lengths, each some times, with the number of its adding as value. */
  private static List<SpillSort.Entry> entries(int count) {
    Random random = new Random(3);
    List<SpillSort.Entry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] key = new byte[random.nextInt(6)];
      random.nextBytes(key);
      if (random.nextInt(3) == 0 && i > 0) {
        key = entries.get(random.nextInt(i)).key();
      }
      byte[] value = new byte[8 + random.nextInt(300)];
      ByteBuffer.wrap(value).putLong(i);
      entries.add(new SpillSort.Entry(key, value));
    }
    return entries;
  }

  private static List<String> shown(Stream<SpillSort.Entry> entries) {
    return entries.map(e -> Arrays.toString(e.key()) + Arrays.toString(e.value())).toList();
  }

  private static List<SpillSort.Entry> all(SpillSort sort) {
    List<SpillSort.Entry> all = new ArrayList<>();
    SpillSort.Entries entries = sort.sorted();
    for (SpillSort.Entry e = entries.next(); e != null; e = entries.next()) {
      all.add(e);
    }
    return all;
  }

  private static List<Path> spilled() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.toString().endsWith(".sort")).toList();
    }
  }

  /** In memory, in some pieces, and in more pieces than are merged at a time. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 2_000, 30_000})
  void entriesComeInTheOrderOfTheirKeysAndEqualOnesAsTheyWereAdded(int count) throws IOException {
    List<SpillSort.Entry> given = entries(count);
    try (SpillSort sort = new SpillSort(LITTLE)) {
      given.forEach(e -> sort.add(e.key(), e.value()));
      assertEquals(count, sort.size());
      assertTrue(count < 2_000 || sort.pieces() > 1, () -> sort.pieces() + " pieces");
      assertTrue(count < 30_000 || sort.pieces() > 64, () -> sort.pieces() + " pieces");
      assertEquals(List.of(), spilled(), "a process that is killed now would leave this");
      assertEquals(
          shown(given.stream().sorted((a, b) -> Arrays.compareUnsigned(a.key(), b.key()))),
          shown(all(sort).stream()));
    }
  }

  @Test
  void recordsComeBackAsTheyWere() throws SourceException {
    String text =
        "a,b,c\n1,,ü😀\nragged\n\"x\ny\",\"\"\"\",\u0001\nplain,ascii,here\n\"stray\"quote,1,2\n";
    byte[] bytes = Reading.utf8(text);
    bytes[7] = (byte) 0xFC; // not UTF-8: in place of the first comma behind 1
    try (CsvSource source = Reading.open(bytes)) {
      List<CsvRecord> records = Reading.records(source);
      assertTrue(records.size() >= 5, records::toString);
      for (CsvRecord record : records) {
        CsvRecord back = RecordCodec.decode(RecordCodec.encode(record), source.files());
        assertEquals(record.number(), back.number());
        assertEquals(record.place(), back.place());
        assertEquals(record.fault(), back.fault());
        assertEquals(record.values(), back.values());
      }
    }
  }
}
