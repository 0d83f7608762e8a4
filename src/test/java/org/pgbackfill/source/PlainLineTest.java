package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.opencsv.RFC4180Parser;
import com.opencsv.RFC4180ParserBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainLineTest {
  /** What a parser may take for something special, and what it should not. */
  private static final String CHARACTERS = "ab1,,,\"\"\"' \t\\;\r|.@é€\n\0";

  private final RFC4180Parser parser = new RFC4180ParserBuilder().build();

  private static String[] split(String line, int count) {
    return split(new PlainLine(), line, count);
  }

  private static String[] split(PlainLine plain, String line, int count) {
    byte[] bytes = Reading.utf8("xx" + line + "\nyy");
    int at = plain.split(bytes, 2, bytes.length, count);
    if (at < 0) {
      return null;
    }
    SourceFile file = new SourceFile(0, "f", Collections.nCopies(count, "h"));
    return CsvRecord.plain(1, file, 1, plain.block(), at).values().toArray(String[]::new);
  }

  @Test
  void whatItReadsIsWhatOpenCsvReads() throws IOException {
    Random random = new Random(5);
    PlainLine lines = new PlainLine();
    int plain = 0;
    int quoted = 0;
    for (int i = 0; i < 1_000_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(12); length >= 0; length--) {
        text.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
      }
      String line = text.toString();
      int count = 1 + random.nextInt(5);
      String[] fields = split(lines, line, count);
      if (fields != null) {
        String first = firstOf(line);
        assertEquals(-1, first.indexOf(0), line);
        assertArrayEquals(parser.parseLine(first), fields, line);
        byte[] cut = Reading.utf8(first);
        assertEquals(PlainLine.NOT_WHOLE, lines.split(cut, 0, cut.length, count), line);
        plain++;
        quoted += line.indexOf('"') >= 0 ? 1 : 0;
      }
    }
    assertTrue(plain > 50_000 && quoted > 2_000, plain + " lines, " + quoted + " with quotes");
  }

  /** The line as far as it goes. */
  private static String firstOf(String text) {
    int end = (text + "\n").indexOf('\n');
    return text.substring(0, end > 0 && text.charAt(end - 1) == '\r' ? end - 1 : end);
  }

  @Test
  void recordsKeepTheirFieldsWhenOthersFollow() {
    PlainLine plain = new PlainLine();
    SourceFile file = new SourceFile(0, "f", List.of("a", "b"));
    List<CsvRecord> records = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      byte[] line = Reading.utf8(i + ",\"" + "x".repeat(i % 100) + "\"\n");
      records.add(at(plain, file, line, i));
    }
    for (int i = 0; i < records.size(); i++) {
      assertEquals(List.of("" + i, "x".repeat(i % 100)), records.get(i).values());
    }
  }

  private static CsvRecord at(PlainLine plain, SourceFile file, byte[] line, int number) {
    int at = plain.split(line, 0, line.length, 2);
    assertEquals(line.length, plain.next());
    return CsvRecord.plain(number, file, number, plain.block(), at);
  }

  @Test
  void aLineLongerThanItsEndsCanSayIsLeftToOthers() {
    assertNotNull(split("a".repeat(65_534) + ",b", 2));
    assertNull(split("a".repeat(65_535) + ",b", 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a,b,c", "a\"b,c", "\"a,b", "\"a\"b,c", "a,\"b\" ", "a,b\""})
  void whatLeavesSomethingToDecideIsLeftToOthers(String line) {
    assertNull(split(line, 2));
  }
}
