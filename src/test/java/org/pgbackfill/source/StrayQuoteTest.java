package org.pgbackfill.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A stray quote costs the record of its own line, which is named, and nothing else. */
class StrayQuoteTest {
  private static final String INSIDE = "a quote stands inside a field that does not start with one";
  private static final String BEHIND = "text follows a field's closing quote";
  private static final String NEVER = "a quote opens a field that no later line closes";

  private static String runsInto(int line) {
    return "a quote opens a field that runs into line " + line + "; ";
  }

  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of(
            "at the start of a field",
            "a,b\n1,\"2\n3,4\n5,6\n",
            List.of("2 " + NEVER + ": 1,\"2", "3 [3|4]", "4 [5|6]")),
        Arguments.of(
            "inside a field", "a,b\n1,2\"2\n3,4\n", List.of("2 " + INSIDE + ": 1,2\"2", "3 [3|4]")),
        Arguments.of(
            "at the end of a field",
            "a,b\n1\",2\n3,4\n",
            List.of("2 " + INSIDE + ": 1\",2", "3 [3|4]")),
        Arguments.of(
            "inside a quoted field",
            "a,b\n\"1\"1\",2\n3,4\n",
            List.of("2 " + BEHIND + ": \"1\"1\",2", "3 [3|4]")),
        Arguments.of(
            "a blank behind the closing quote",
            "a,b\n\"1\" ,2\n3,4\n",
            List.of("2 " + BEHIND + ": \"1\" ,2", "3 [3|4]")),
        Arguments.of(
            "a blank before the opening quote",
            "a,b\n1, \"2\"\n3,4\n",
            List.of("2 " + INSIDE + ": 1, \"2\"", "3 [3|4]")),
        Arguments.of(
            "an opened field that closes nowhere on the line",
            "a,b\n\"1,2\n3,4\n",
            List.of("2 " + NEVER + ": \"1,2", "3 [3|4]")),
        Arguments.of(
            "in the last line", "a,b\n1,2\n3,\"4\n", List.of("2 [1|2]", "3 " + NEVER + ": 3,\"4")),
        Arguments.of(
            "in the last line, without a line break",
            "a,b\n1,2\n3,\"4",
            List.of("2 [1|2]", "3 " + NEVER + ": 3,\"4")),
        Arguments.of(
            "alone on the last line", "a,b\n1,2\n\"", List.of("2 [1|2]", "3 " + NEVER + ": \"")),
        Arguments.of("as the only data line", "a,b\n1,\"2\n", List.of("2 " + NEVER + ": 1,\"2")),
        Arguments.of(
            "two in one file, far from each other",
            "a,b\n1,\"2\n3,4\n5,\"6\n7,8\n",
            List.of(
                "2 " + runsInto(4) + BEHIND + ": 1,\"2",
                "3 [3|4]",
                "4 " + NEVER + ": 5,\"6",
                "5 [7|8]")),
        Arguments.of(
            "two in lines one after the other",
            "a,b\n1,\"2\n3,\"4\n5,6\n",
            List.of("2 " + runsInto(3) + BEHIND + ": 1,\"2", "3 " + NEVER + ": 3,\"4", "4 [5|6]")),
        Arguments.of(
            "before a quoted field",
            "a,b\n1,\"2\n3,\"4\"\n5,6\n",
            List.of("2 " + runsInto(3) + BEHIND + ": 1,\"2", "3 [3|4]", "4 [5|6]")),
        Arguments.of(
            "before a quoted field that starts its line",
            "a,b\n1,\"2\n\"3\",4\n5,6\n",
            List.of("2 " + runsInto(3) + BEHIND + ": 1,\"2", "3 [3|4]", "4 [5|6]")),
        Arguments.of(
            "before a quoted field of several lines",
            "a,b\n1,\"2\n3,\"4\n4\"\n5,6\n",
            List.of("2 " + runsInto(3) + BEHIND + ": 1,\"2", "3 [3|4\n4]", "5 [5|6]")),
        Arguments.of(
            "closed by a later line, with too many fields and a record in between",
            "a,b\n1,\"2\n3,4\n5\",6\n7,8\n",
            List.of(
                "2 " + runsInto(4) + "expected 2 fields, as in the header, found 3: 1,\"2",
                "3 [3|4]",
                "4 " + INSIDE + ": 5\",6",
                "5 [7|8]")),
        Arguments.of(
            "blank lines behind it",
            "a,b\n1,\"2\n\n\n3,4\n",
            List.of("2 " + NEVER + ": 1,\"2", "5 [3|4]")),
        Arguments.of(
            "CRLF behind it",
            "a,b\r\n1,\"2\r\n3,4\r\n",
            List.of("2 " + NEVER + ": 1,\"2", "3 [3|4]")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void costsItsOwnLine(String what, String text, List<String> expected) throws Exception {
    assertEquals(expected, Reading.shown(text), what);
  }

  @Test
  void aWrongNumberOfFieldsCostsItsOwnLine() throws Exception {
    assertEquals(
        List.of(
            "2 expected 2 fields, as in the header, found 1: 1",
            "3 expected 2 fields, as in the header, found 3: 1,2,3",
            "4 [4|5]",
            "5 expected 2 fields, as in the header, found 4: \"1,1\",2,,"),
        Reading.shown("a,b\n1\n1,2,3\n4,5\n\"1,1\",2,,\n"));
  }

  @Test
  void aRaggedRecordOfSeveralLinesIsOneRecord() throws Exception {
    assertEquals(
        List.of(
            "2 expected 2 fields, as in the header, found 3: 1,\"2\n\n2\",3",
            "5 [4|5]",
            "6 expected 2 fields, as in the header, found 1: \"6\n,,,\n\"",
            "9 [7|8]"),
        Reading.shown("a,b\n1,\"2\n\n2\",3\n4,5\n\"6\n,,,\n\"\n7,8\n"));
  }

  @Test
  void manyStrayQuotesAreFoundOneByOneInOneGo() throws Exception {
    // A reader that looked ahead from each of them to the end would take hours.
    int lines = 200_000;
    StringBuilder text = new StringBuilder("a,b\n");
    for (int i = 0; i < lines; i++) {
      text.append(i % 2 == 0 ? "1,\"2\n" : "3,4\n");
    }
    List<String> shown = Reading.shown(text.toString());
    assertEquals(lines, shown.size());
    assertEquals("2 " + runsInto(4) + BEHIND + ": 1,\"2", shown.get(0));
    assertEquals("3 [3|4]", shown.get(1));
  }
}
