package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.opencsv.RFC4180Parser;
import com.opencsv.RFC4180ParserBuilder;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainLineTest {
  /** What a parser may take for something special, and what it should not. */
  private static final String CHARACTERS = "ab1,,,\"\"\"' \t\\;\r|.@";

  private final RFC4180Parser parser = new RFC4180ParserBuilder().build();

  private static String[] split(String line, int count) {
    byte[] bytes = Reading.utf8("xx" + line + "yy");
    return PlainLine.split(bytes, 2, bytes.length - 2, count);
  }

  @Test
  void whatItReadsIsWhatOpenCsvReads() throws IOException {
    Random random = new Random(5);
    int plain = 0;
    int quoted = 0;
    for (int i = 0; i < 1_000_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(12); length >= 0; length--) {
        text.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
      }
      String line = text.toString();
      int count = 1 + random.nextInt(5);
      String[] fields = split(line, count);
      if (fields != null) {
        assertArrayEquals(parser.parseLine(line), fields, line);
        plain++;
        quoted += line.indexOf('"') >= 0 ? 1 : 0;
      }
    }
    assertTrue(plain > 50_000 && quoted > 2_000, plain + " lines, " + quoted + " with quotes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a,b,c", "a\"b,c", "\"a,b", "\"a\"\"b\",c", "\"a\"b,c", "a,\"b\" ", "a,b\""})
  void whatLeavesSomethingToDecideIsLeftToOthers(String line) {
    assertNull(split(line, 2));
  }
}
