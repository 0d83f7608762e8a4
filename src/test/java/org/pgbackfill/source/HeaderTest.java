package org.pgbackfill.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HeaderTest {
  private static final String NOT_UTF_8 =
      "stdin line 1: the header is not UTF-8 text; save the export as UTF-8";
  private static final String QUOTES =
      "stdin line 1: the header's quotes don't match (RFC 4180); expected names separated by"
          + " commas";

  private static String refusal(byte[] file) {
    return assertThrows(SourceException.class, () -> Reading.open(file)).getMessage();
  }

  private static List<String> header(String file) throws SourceException {
    try (CsvSource source = Reading.open(Reading.utf8(file))) {
      return source.files().get(0).header();
    }
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            Reading.utf8(""),
            "stdin: the file is empty; expected a header line with the names of the columns"),
        Arguments.of(
            Reading.utf8("\uFEFF"),
            "stdin: the file is empty; expected a header line with the names of the columns"),
        Arguments.of(
            Reading.utf8("\na,b\n"),
            "stdin line 1: the line is blank; expected a header line with the names of the"
                + " columns"),
        Arguments.of(
            Reading.utf8("a,b,c,b\n"),
            "stdin line 1: the column \"b\" stands there twice; name each column once"),
        Arguments.of(
            Reading.utf8("name,\" Name \"\n"),
            "stdin line 1: the column \"Name\" stands there twice; name each column once"),
        Arguments.of(
            Reading.utf8("a,,b,\n"),
            "stdin line 1: the column \"\" stands there twice; name each column once"),
        Arguments.of("a,pr\u00e9nom\n1,2\n".getBytes(ISO_8859_1), NOT_UTF_8),
        Arguments.of("\uFEFFa,b\n1,2\n".getBytes(UTF_16LE), NOT_UTF_8),
        Arguments.of("\uFEFFa,b\n1,2\n".getBytes(UTF_16BE), NOT_UTF_8),
        Arguments.of("a,b\n1,2\n".getBytes(UTF_16LE), NOT_UTF_8),
        Arguments.of("a,b\n1,2\n".getBytes(UTF_16BE), NOT_UTF_8),
        Arguments.of("\uFEFF\"a\",\"b\"\n1,2\n".getBytes(UTF_16LE), NOT_UTF_8),
        Arguments.of("a,\"b\nb\u00e9\"\n1,2\n".getBytes(ISO_8859_1), NOT_UTF_8),
        Arguments.of(Reading.utf8("a,b\0\n"), NOT_UTF_8),
        Arguments.of(Reading.utf8("a,\"b\n1,2\n3,4\n"), QUOTES),
        Arguments.of(Reading.utf8("a,\"b\n1,\"2\"\n3,4\n"), QUOTES),
        Arguments.of(Reading.utf8("a,b\"\n1,2\n"), QUOTES),
        Arguments.of(Reading.utf8("\"a\"b\n1,2\n"), QUOTES));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("refused")
  void isRefusedByNameAndReason(byte[] file, String message) {
    assertEquals(message, refusal(file));
  }

  @Test
  void namesAreGivenAsTheyStandInTheFile() throws Exception {
    assertEquals(
        List.of(" Link ID", "e,mail", "\"x\"", "line\r\nbreak", ""),
        header("\uFEFF Link ID,\"e,mail\",\"\"\"x\"\"\",\"line\r\nbreak\",\n"));
  }

  @Test
  void recordsBehindAHeaderOfSeveralLinesHaveTheLinesOfTheFile() throws Exception {
    assertEquals(List.of("3 [1|2]"), Reading.shown("a,\"b\nb\"\n1,2\n"));
  }

  @Test
  void aMillionColumnsAreRefusedAtOnce() {
    String names =
        IntStream.range(0, 1_000_000).mapToObj(i -> "c" + i).collect(Collectors.joining(","));
    // The quote at the end is what would make a look for it from every field take minutes.
    assertTimeout(
        Duration.ofSeconds(20),
        () ->
            assertEquals(
                "stdin line 1: 1000001 columns; expected at most 1600, as PostgreSQL allows",
                refusal(Reading.utf8(names + ",\"last\"\n"))));
  }

  @Test
  void anUnclosedQuoteOverManyLinesIsRefusedAtOnce() {
    String file = "a,\"b\n" + "1,2,some more text to make it long\n".repeat(240_000);
    assertTimeout(Duration.ofSeconds(20), () -> assertEquals(QUOTES, refusal(Reading.utf8(file))));
  }

  @Test
  void aHeaderWithoutEndIsRefused() {
    assertEquals(
        "stdin line 1: the header is longer than 8388608 bytes; is this a CSV file?",
        refusal(Reading.utf8("x".repeat(8 * 1024 * 1024 + 1))));
  }
}
