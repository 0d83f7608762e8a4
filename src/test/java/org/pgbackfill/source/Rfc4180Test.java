package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.opencsv.CSVParserBuilder;
import com.opencsv.RFC4180ParserBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgbackfill.testkit.ReferenceCsv;
import org.pgbackfill.testkit.ReferenceCsv.Entry;

class Rfc4180Test {
  private static final int WELL_FORMED_FILES = 3_000;
  private static final int SOUPS = 60_000;

  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of("LF", "a,b\n1,2\n3,4\n", List.of("2 [1|2]", "3 [3|4]")),
        Arguments.of("CRLF", "a,b\r\n1,2\r\n3,4\r\n", List.of("2 [1|2]", "3 [3|4]")),
        Arguments.of(
            "LF and CRLF in one file", "a,b\r\n1,2\n3,4\r\n", List.of("2 [1|2]", "3 [3|4]")),
        Arguments.of("no line break at the end", "a,b\n1,2", List.of("2 [1|2]")),
        Arguments.of("a quote at the very end", "a,b\n1,\"2\"", List.of("2 [1|2]")),
        Arguments.of("a byte-order mark", "\uFEFFa,b\n1,2\n", List.of("2 [1|2]")),
        Arguments.of("a byte-order mark before quotes", "\uFEFF\"a\",b\n1,2\n", List.of("2 [1|2]")),
        Arguments.of("quoted header", "\"a\",\"b\"\n1,2\n", List.of("2 [1|2]")),
        Arguments.of("header alone", "a,b\n", List.of()),
        Arguments.of("header alone, no line break", "a,b", List.of()),
        Arguments.of("a comma in quotes", "a,b\n\"1,1\",2\n", List.of("2 [1,1|2]")),
        Arguments.of("a doubled quote", "a,b\n\"say \"\"hi\"\"\",2\n", List.of("2 [say \"hi\"|2]")),
        Arguments.of("only a doubled quote", "a,b\n\"\"\"\",2\n", List.of("2 [\"|2]")),
        Arguments.of(
            "doubled quotes and commas", "a,b\n\"\"\",\"\"\",\",\"\n", List.of("2 [\",\"|,]")),
        Arguments.of("LF in quotes", "a,b\n\"1\n1\",2\n3,4\n", List.of("2 [1\n1|2]", "4 [3|4]")),
        Arguments.of(
            "CRLF in quotes", "a,b\r\n\"1\r\n1\",2\r\n3,4\r\n", List.of("2 [1\r\n1|2]", "4 [3|4]")),
        Arguments.of(
            "CRLF in quotes of an LF file", "a,b\n\"1\r\n1\n1\",2\n", List.of("2 [1\r\n1\n1|2]")),
        Arguments.of("CR alone in quotes", "a,b\n\"1\r1\",2\n", List.of("2 [1\r1|2]")),
        Arguments.of("CR alone in a field", "a,b\n1\r1,2\n", List.of("2 [1\r1|2]")),
        Arguments.of(
            "CR before the closing quote", "a,b\n\"1\r\",\"2\r\"\r\n", List.of("2 [1\r|2\r]")),
        Arguments.of("blank lines in quotes", "a,b\n\"1\n\n\n1\",2\n", List.of("2 [1\n\n\n1|2]")),
        Arguments.of(
            "line breaks in several fields",
            "a,b\n\"\n\",\"\n\"\n3,4\n",
            List.of("2 [\n|\n]", "5 [3|4]")),
        Arguments.of(
            "a record of lines that look like records",
            "a,b\n\"\n7,8\n\"\"\n9,9\n\",2\n",
            List.of("2 [\n7,8\n\"\n9,9\n|2]")),
        Arguments.of("blank lines", "a,b\n\n1,2\n\r\n\n3,4\n\n\n", List.of("3 [1|2]", "6 [3|4]")),
        Arguments.of("empty fields", "a,b\n,\n\"\",\n,\"\"\n", List.of("2 [|]", "3 [|]", "4 [|]")),
        Arguments.of("one column", "a\n1\n\n\"\"\n2\n", List.of("2 [1]", "4 []", "5 [2]")),
        Arguments.of("blanks stay", "a,b\n 1 ,\" 2 \"\n", List.of("2 [ 1 | 2 ]")),
        Arguments.of("a backslash is a character", "a,b\n1\\,\"2\\\"\n", List.of("2 [1\\|2\\]")),
        Arguments.of("an apostrophe is a character", "a,b\n'1,2'\n", List.of("2 ['1|2']")),
        Arguments.of("a NUL is a character", "a,b\n1\0,\"\0\"\n", List.of("2 [1\0|\0]")),
        Arguments.of("other scripts", "a,b\nÅsa,\"株, 🎉\"\n", List.of("2 [Åsa|株, 🎉]")),
        Arguments.of("a byte-order mark elsewhere", "a,b\n\uFEFF1,2\n", List.of("2 [\uFEFF1|2]")),
        Arguments.of("a line of blanks is one field", "a\n  \n", List.of("2 [  ]")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void reads(String what, String text, List<String> expected) throws IOException {
    assertEquals(expected, Reading.shown(text), what);
  }

  @Test
  void wellFormedRecordsComeBackAsTheyWere() throws IOException {
    for (int seed = 0; seed < WELL_FORMED_FILES; seed++) {
      Random random = new Random(seed);
      int columns = 1 + random.nextInt(4);
      List<List<String>> written = new ArrayList<>();
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "\uFEFF" : "");
      text.append(header(columns)).append('\n');
      for (int i = random.nextInt(8); i > 0; i--) {
        List<String> fields = IntStream.range(0, columns).mapToObj(f -> field(random)).toList();
        String record =
            fields.stream().map(f -> quoted(f, columns, random)).collect(Collectors.joining(","));
        assertArrayEquals(
            fields.toArray(),
            new RFC4180ParserBuilder().build().parseLine(record),
            "OpenCSV, seed " + seed);
        written.add(fields);
        text.append(random.nextInt(5) == 0 ? "\r\n" : "").append(record);
        text.append(i == 1 && random.nextBoolean() ? "" : random.nextBoolean() ? "\n" : "\r\n");
      }
      String file = text.toString();
      try (CsvSource source = Reading.open(new Dripping(Reading.utf8(file), random))) {
        List<List<String>> read = Reading.records(source).stream().map(CsvRecord::values).toList();
        assertEquals(written, read, "seed " + seed);
      }
    }
  }

  @Test
  void anySoupIsReadAsTheReferenceReadsItAndEveryLineIsInOneRecord() throws IOException {
    int[] seen = new int[2];
    for (int seed = 0; seed < SOUPS; seed++) {
      Random random = new Random(seed);
      int columns = 1 + random.nextInt(3);
      String soup = soup(random);
      List<Entry> expected = ReferenceCsv.entries(header(columns) + "\n" + soup, columns);
      List<Entry> good = expected.subList(1, expected.size());
      try (CsvSource source = Reading.open(Reading.utf8(header(columns) + "\n" + soup))) {
        List<CsvRecord> records = Reading.records(source);
        String where = "seed " + seed + ", " + columns + " columns: " + soup;
        assertEquals(
            good.stream().map(e -> e.line() + " " + e.fields()).toList(),
            records.stream()
                .map(r -> r.line() + " " + (r.fault() == null ? r.values() : null))
                .toList(),
            where);
        records.forEach(r -> seen[r.fault() == null ? 0 : 1]++);
      }
    }
    // Or it would say little about either.
    assertFalse(seen[0] < SOUPS / 10 || seen[1] < SOUPS / 10, () -> Arrays.toString(seen));
  }

  @Test
  void largeFilesAreReadAcrossTheBuffersEdges() throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder("a,b\n");
      List<List<String>> written = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        List<String> fields = List.of("é\"\n".repeat(random.nextInt(800)), "🎉,");
        written.add(fields);
        text.append(quoted(fields.get(0), 2, random)).append(",\"🎉,\"\r\n");
      }
      try (CsvSource source = Reading.open(new Dripping(Reading.utf8(text.toString()), random))) {
        List<List<String>> read = Reading.records(source).stream().map(CsvRecord::values).toList();
        assertEquals(written, read, "seed " + seed);
      }
    }
  }

  @Test
  void theParserWithABackslashAsEscapeReadsSomethingElse() throws IOException {
    String record = "\"C:\\\",2";
    assertArrayEquals(
        new String[] {"C:\\", "2"}, new RFC4180ParserBuilder().build().parseLine(record));
    assertFalse(
        Arrays.equals(
            new String[] {"C:\\", "2"}, new CSVParserBuilder().build().parseLineMulti(record)));
    assertEquals(List.of("2 [C:\\|2]"), Reading.shown("a,b\n" + record + "\n"));
  }

  private static String header(int columns) {
    return IntStream.range(0, columns).mapToObj(i -> "h" + i).collect(Collectors.joining(","));
  }

  private static String field(Random random) {
    String[] bits = {"", "a", "\"", ",", "\n", "\r\n", "\r", " ", "é", "🎉", "\\", "'", "\"\""};
    return Stream.generate(() -> bits[random.nextInt(bits.length)])
        .limit(random.nextInt(6))
        .collect(Collectors.joining());
  }

  private static String quoted(String field, int columns, Random random) {
    boolean needed =
        field.chars().anyMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r')
            || (columns == 1 && field.isEmpty());
    return needed || random.nextBoolean() ? '"' + field.replace("\"", "\"\"") + '"' : field;
  }

  private static String soup(Random random) {
    String bits = random.nextBoolean() ? "\"\",,\n\na" : "\",\n\r ab";
    return random
        .ints(random.nextInt(50), 0, bits.length())
        .mapToObj(i -> bits.substring(i, i + 1))
        .collect(Collectors.joining());
  }

  /** Gives its bytes a few at a time, as a pipe does. */
  private static final class Dripping extends InputStream {
    private final ByteArrayInputStream bytes;
    private final Random random;
    private final int most;

    Dripping(byte[] bytes, Random random) {
      this.bytes = new ByteArrayInputStream(bytes);
      this.random = random;
      this.most = Math.max(20, bytes.length / 10);
    }

    @Override
    public int read() {
      return bytes.read();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      return bytes.read(buffer, offset, Math.min(length, 1 + random.nextInt(most)));
    }
  }
}
