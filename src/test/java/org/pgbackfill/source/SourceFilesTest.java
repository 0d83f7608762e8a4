package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SourceFilesTest {
  @TempDir private Path folder;

  private String file(String name, String text) throws IOException {
    return Files.write(folder.resolve(name), Reading.utf8(text)).toString();
  }

  private static CsvSource open(String... names) throws SourceException {
    return CsvSource.open(List.of(names), InputStream.nullInputStream());
  }

  private static String refusal(String... names) {
    return assertThrows(SourceException.class, () -> open(names)).getMessage();
  }

  @Test
  void severalFilesAreReadInTheOrderGivenEachWithItsOwnHeader() throws IOException {
    String one = file("one.csv", "a,b\n1,2\n");
    String two = file("two.csv", "b,a\n3,4\n");
    try (CsvSource source = open(two, one, two)) {
      List<String> read = new ArrayList<>();
      for (CsvRecord r : Reading.records(source)) {
        read.add(r.place() + " " + r.file().index() + r.file().header() + r.values());
      }
      assertEquals(
          List.of(
              two + " line 2 0[b, a][3, 4]",
              one + " line 2 1[a, b][1, 2]",
              two + " line 2 2[b, a][3, 4]"),
          read);
    }
  }

  @Test
  void numbersGrowOverAllFilesAndLeadBackToFileAndLine() throws IOException {
    String one = file("one.csv", "a,b\n1,2\n\n\"3\n3\",4\n5,\"6\n7,8");
    String empty = file("empty.csv", "a,b");
    String two = file("two.csv", "a,\"b\nb\"\r\n1,2\r\n\r\n3,4\r\n");
    try (CsvSource source = open(one, empty, two, one)) {
      List<CsvRecord> records = Reading.records(source);
      assertEquals(
          List.of(2L, 4L, 6L, 7L, 11L, 13L, 15L, 17L, 19L, 20L),
          records.stream().map(CsvRecord::number).toList());
      for (CsvRecord record : records) {
        assertEquals(record.place(), source.place(record.number()));
      }
    }
  }

  @Test
  void placeIsKnownAsSoonAsTheRecordIsRead() throws IOException {
    String one = file("one.csv", "a\n1\n2\n");
    try (CsvSource source = open(one, one, one)) {
      List<Long> numbers = new ArrayList<>();
      for (CsvRecord r = source.next(); r != null; r = source.next()) {
        numbers.add(r.number());
        List<String> places = numbers.stream().map(source::place).toList();
        assertEquals(r.place(), places.get(places.size() - 1));
        assertEquals(one + " line 2", places.get(0));
      }
      assertEquals(List.of(2L, 3L, 5L, 6L, 8L, 9L), numbers);
    }
  }

  @Test
  void bytesReadGrowToTheFilesSize() throws IOException {
    String one = file("one.csv", "a,b\n" + "1,2\n".repeat(50_000));
    String two = file("two.csv", "a,b\n1,2\n");
    long size = Files.size(Path.of(one)) + Files.size(Path.of(two)) * 40;
    List<String> names = new ArrayList<>(List.of(one));
    for (int i = 0; i < 40; i++) {
      names.add(two);
    }
    try (CsvSource source = CsvSource.open(names, InputStream.nullInputStream())) {
      assertEquals(OptionalLong.of(size), source.bytesTotal());
      // Of the files behind the first one only headers were read, and will be once more.
      assertTrue(source.bytesRead() <= 64 * 1024, () -> "" + source.bytesRead());
      assertEquals(50_040, Reading.records(source).size());
      assertEquals(size, source.bytesRead());
    }
  }

  @Test
  void aThousandFilesAreReadWithoutAThousandOpenAtOnce() throws IOException {
    String[] names = new String[1_000];
    for (int i = 0; i < names.length; i++) {
      names[i] = file("part-" + i + ".csv", "a\n" + i + "\n");
    }
    Path descriptors = Path.of("/proc/self/fd");
    try (CsvSource source = open(names)) {
      if (Files.isDirectory(descriptors)) {
        try (var open = Files.list(descriptors)) {
          assertTrue(open.count() < 500);
        }
      }
      List<CsvRecord> records = Reading.records(source);
      assertEquals(1_000, records.size());
      assertEquals("999", records.get(999).field(0));
    }
  }

  @Test
  void standardInputIsOneFileAmongOthers() throws IOException {
    String one = file("one.csv", "a\n1\n");
    InputStream stdin = new ByteArrayInputStream(Reading.utf8("a\n2\n"));
    try (CsvSource source = CsvSource.open(List.of(one, "-", one), stdin)) {
      assertEquals(OptionalLong.empty(), source.bytesTotal());
      List<String> places = Reading.records(source).stream().map(CsvRecord::place).toList();
      assertEquals(List.of(one + " line 2", "stdin line 2", one + " line 2"), places);
    }
  }

  @Test
  void standardInputIsReadOnce() {
    assertEquals("standard input (-) is named twice; it can be read once", refusal("-", "-"));
  }

  @Test
  @Timeout(60)
  void namedPipesAreReadOnceAndInTurn() throws Exception {
    Path first = pipe("first");
    Path second = pipe("second");
    Thread writer =
        new Thread(
            () -> {
              write(first, "a\n" + "1\n".repeat(100_000));
            });
    Thread other = new Thread(() -> write(second, "a\n" + "2\n".repeat(100_000)));
    writer.start();
    other.start();
    try (CsvSource source = open(first.toString(), second.toString())) {
      assertEquals(OptionalLong.empty(), source.bytesTotal());
      List<CsvRecord> records = Reading.records(source);
      assertEquals(200_000, records.size());
      assertEquals("1", records.get(99_999).field(0));
      assertEquals(second + " line 2", records.get(100_000).place());
      assertEquals("2", records.get(100_000).field(0));
    }
    writer.join();
    other.join();
  }

  private Path pipe(String name) throws Exception {
    Path path = folder.resolve(name);
    Process made = new ProcessBuilder("mkfifo", path.toString()).inheritIO().start();
    assertTrue(made.waitFor(10, TimeUnit.SECONDS) && made.exitValue() == 0);
    return path;
  }

  private static void write(Path pipe, String text) {
    try (OutputStream out = Files.newOutputStream(pipe)) {
      out.write(Reading.utf8(text));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theChecksumOfInputThatIsReadOnceIsThatOfItsBytesHoweverOftenLinesAreReadAgain()
      throws Exception {
    String text = "a,b\n1,\"2\n3,4\n5,\"6\n\n".repeat(30_000) + "7,8";
    byte[] bytes = Reading.utf8(text);
    try (CsvSource source = Reading.open(bytes)) {
      assertTrue(source.isReadOnce());
      // Lines behind each stray quote are read again.
      Checksum checksum = new Checksum();
      checksum.update(bytes, 0, bytes.length);
      assertEquals(60_000, Reading.records(source).stream().filter(r -> r.fault() != null).count());
      assertEquals(Checksum.hex(checksum.value()), source.checksumSoFar());
    }
  }

  @Test
  void aMissingFileIsNamed() throws IOException {
    String one = file("one.csv", "a\n1\n");
    String missing = folder.resolve("two.csv").toString();
    assertEquals(missing + ": no such file", refusal(one, missing));
  }

  @Test
  void aFolderIsNotAFile() {
    assertEquals(folder + ": is a directory; name the files in it", refusal(folder.toString()));
  }

  @Test
  void aFileThatMustNotBeReadIsNamed() throws IOException {
    String one = file("one.csv", "a\n1\n");
    Files.setPosixFilePermissions(Path.of(one), PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(Path.of(one)), "root may read everything");
    assertEquals(one + ": permission denied", refusal(one));
  }

  @Test
  void aBadHeaderOfTheLastFileIsRefusedBeforeTheFirstRecord() throws IOException {
    String one = file("one.csv", "a\n1\n");
    String two = file("two.csv", "");
    assertEquals(
        two + ": the file is empty; expected a header line with the names of the columns",
        refusal(one, two));
  }

  @Test
  void aFileWhoseHeaderChangesMeanwhileIsRefused() throws IOException {
    String one = file("one.csv", "a\n1\n");
    String two = file("two.csv", "a\n2\n");
    try (CsvSource source = open(one, two)) {
      file("two.csv", "b\n2\n");
      assertEquals("1", source.next().field(0));
      assertEquals(
          two + " line 1: the header changed while the run was reading",
          assertThrows(SourceException.class, source::next).getMessage());
    }
  }
}
