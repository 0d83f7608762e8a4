package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.OpenFile;
import org.pgbackfill.testkit.ReferenceCsv;

class CsvWriterTest {
  @TempDir private Path folder;

  private Path write(List<List<String>> records) throws IOException {
    Path path = folder.resolve("written.csv");
    try (CsvWriter writer = CsvWriter.create(path)) {
      for (List<String> record : records) {
        writer.write(record);
      }
    }
    return path;
  }

  @Test
  void quotesOnlyWhatNeedsThem() throws IOException {
    Path path =
        write(
            List.of(List.of("a", "", " b "), List.of("c,d", "say \"hi\"", "1\r\n2"), List.of("")));
    assertEquals("a,, b \n\"c,d\",\"say \"\"hi\"\"\",\"1\r\n2\"\n\"\"\n", Files.readString(path));
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    String[] bits = {"", "a", "\"", ",", "\n", "\r", " ", "é", "🎉", "\0"};
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int columns = 1 + random.nextInt(3);
      List<List<String>> records = new ArrayList<>();
      records.add(IntStream.range(0, columns).mapToObj(i -> "h" + i).toList());
      for (int i = 0; i < 20; i++) {
        records.add(
            IntStream.range(0, columns)
                .mapToObj(
                    c ->
                        Stream.generate(() -> bits[random.nextInt(bits.length)])
                            .limit(random.nextInt(5))
                            .collect(Collectors.joining()))
                .toList());
      }
      Path path = write(records);
      assertEquals(records, ReferenceCsv.records(Files.readString(path)), "seed " + seed);
      try (CsvSource source = Reading.open(Files.readAllBytes(path))) {
        assertEquals(
            records.subList(1, records.size()),
            Reading.records(source).stream().map(CsvRecord::values).toList(),
            "seed " + seed);
      }
    }
  }

  @Test
  void malformedBytesAreWrittenAsTheyWereRead() throws IOException {
    byte[] bytes = {'a', ',', (byte) 0xE9, '"', (byte) 0xFF, '\n'};
    String text = Utf8.decode(bytes, 2, 3);
    Path path = write(List.of(List.of("a", text)));
    assertArrayEquals(
        new byte[] {'a', ',', '"', (byte) 0xE9, '"', '"', (byte) 0xFF, '"', '\n'},
        Files.readAllBytes(path));
  }

  @Test
  void theFileIsItsOwnersAloneWhateverWasThere() throws IOException {
    Path old = Files.writeString(folder.resolve("written.csv"), "old");
    Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rw-rw-rw-"));
    Path path = write(List.of(List.of("a")));
    assertEquals("a\n", Files.readString(path));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
  }

  @Test
  void aLinkIsReplacedAndWhatItLeadsToIsLeftAlone() throws IOException {
    Path other = Files.writeString(folder.resolve("other.csv"), "precious");
    Files.createSymbolicLink(folder.resolve("written.csv"), other);
    Path path = write(List.of(List.of("a")));
    assertEquals("precious", Files.readString(other));
    assertEquals("a\n", Files.readString(path));
  }

  @Test
  void aDeviceIsWrittenToAsItIs() throws IOException {
    try (CsvWriter writer = CsvWriter.create(Path.of("/dev/null"))) {
      writer.write(List.of("a"));
    }
    assertEquals(true, Files.exists(Path.of("/dev/null")));
  }

  /** {@code --outcomes /dev/stdout > outcomes.csv} would take /dev/stdout from all programs. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void theNameOfAnOpenFileIsRefusedAndStays() throws IOException {
    try (OpenFile open = OpenFile.of(Files.createFile(folder.resolve("redirected.csv")))) {
      for (Path path : List.of(open.link(), open.number())) {
        IOException refused = assertThrows(IOException.class, () -> CsvWriter.create(path));
        assertEquals(
            "it leads to a file that is open already; name that file, or another",
            refused.getMessage());
        assertTrue(Files.isRegularFile(path), path::toString);
      }
    }
  }
}
