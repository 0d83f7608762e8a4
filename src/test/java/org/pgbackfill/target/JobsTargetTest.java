package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.source.SourceFile;

class JobsTargetTest {
  private static Sheet.Result job(String... more) {
    String[] all = new String[2 + more.length];
    all[0] = "func";
    all[1] = "app.send";
    System.arraycopy(more, 0, all, 2, more.length);
    return Sheet.of(all).job();
  }

  @Test
  void functionAloneMakesAJobWithTheUsualValues() {
    Sheet.Result job = job();
    assertEquals("default", job.value("queue"));
    assertEquals("pending", job.value("state"));
    assertEquals("{}", job.value("kwargs"));
    assertEquals("[]", job.value("limits"));
    assertEquals("{}", job.value("meta"));
    assertEquals("[]", job.value("errors"));
    assertEquals("0", job.value("priority"));
    assertEquals("0", job.value("attempts"));
    assertEquals("1", job.value("max_attempts"));
    assertNull(job.value("unique_key"));
    assertEquals(Sheet.DERIVED, job.row().id());
  }

  @Test
  void emptyFieldsMeanTheUsualValuesToo() {
    Sheet.Result job =
        job(
            "queue",
            "",
            "state",
            "",
            "kwargs",
            "",
            "limits",
            "",
            "meta",
            "",
            "errors",
            "",
            "priority",
            "",
            "attempts",
            "",
            "max_attempts",
            "",
            "unique_key",
            "",
            "taken_by",
            "",
            "scheduled_at",
            "",
            "started_at",
            "",
            "completed_at",
            "",
            "created_at",
            "",
            "id",
            "");
    assertEquals("default", job.value("queue"));
    assertEquals("pending", job.value("state"));
    assertEquals("{}", job.value("kwargs"));
    assertEquals("1", job.value("max_attempts"));
    assertNull(job.value("unique_key"));
    assertNull(job.value("taken_by"));
    assertNull(job.value("scheduled_at"));
    assertNull(job.value("created_at"));
    assertEquals(Sheet.DERIVED, job.row().id());
  }

  @Test
  void missingFunctionIsRefused() {
    String reason = "func is empty; expected the name of the function to call";
    assertEquals(reason, Sheet.of("func", "", "queue", "mail").job().reason());
    assertEquals(reason, Sheet.of("func", "  ", "queue", "mail").job().reason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"high", "1.5", "1e3", "2147483648", "-2147483649", "0x10", "--1", "٣", "1 2"})
  void whatIsNoWholeNumberIsRefused(String text) {
    for (String column : List.of("priority", "attempts", "max_attempts")) {
      assertEquals(
          column + " \"" + text + "\" is not a whole number from -2147483648 to 2147483647",
          job(column, text).reason());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "2147483647", "-2147483648", "+7", " 7 ", "007"})
  void wholeNumbersLoad(String text) {
    assertEquals(
        Integer.toString(Integer.parseInt(text.strip())), job("priority", text).value("priority"));
  }

  @Test
  void unknownStateIsRefused() {
    assertEquals(
        "state \"done\" is unknown; expected pending, running, retrying, succeeded or failed",
        job("state", "done").reason());
    assertEquals(
        "state \"PENDING\" is unknown; expected pending, running, retrying, succeeded or failed",
        job("state", "PENDING").reason());
  }

  @Test
  void keyOfAFinishedJobCountsForNothing() {
    for (String state : List.of("pending", "running", "retrying")) {
      assertTrue(job("unique_key", "k", "state", state).row().keyed(), state);
    }
    for (String state : List.of("succeeded", "failed")) {
      Row finished = job("unique_key", "k", "state", state).row();
      assertFalse(finished.keyed(), state);
      assertEquals("k", finished.keyText(), state);
      assertEquals("k", finished.shownKey(), state);
    }
    assertFalse(job("unique_key", "").row().keyed());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        " { } ",
        "{\"a\": 1, \"b\": [true, false, null, \"x\"], \"c\": {\"d\": -1.5e-3}}",
        "{\"a\": \"\\ud83d\\ude00 😀 \\u00e9 \\\\u0000\"}",
        "{\"a\": 1, \"a\": 2}",
        "{\"\": \"\"}",
        "\n{\n\t\"a\"\r: 1}\n"
      })
  void objectsLoadAsTheyAre(String json) {
    assertEquals(json, job("kwargs", json).value("kwargs"));
    assertEquals(json, job("meta", json).value("meta"));
  }

  static Stream<Arguments> noObjects() {
    return Stream.of(
        Arguments.of("[]", "\"[]\" is not a JSON object"),
        Arguments.of("null", "\"null\" is not a JSON object"),
        Arguments.of("\"a\"", "\"\"a\"\" is not a JSON object"),
        Arguments.of("1", "\"1\" is not a JSON object"),
        Arguments.of(" ", "\" \" is not a JSON object"),
        Arguments.of("{} {}", "\"{} {}\" goes on behind its end"),
        Arguments.of("{\"a\": \"\\u0000\"}", "has \\u0000, which jsonb can't store"),
        Arguments.of("{\"\\u0000\": 1}", "has \\u0000, which jsonb can't store"),
        Arguments.of("{\"a\": [[{\"b\": \"x\\u0000\"}]]}", "has \\u0000, which jsonb can't store"),
        Arguments.of(
            "{\"a\": \"\\ud800\"}",
            "has half of a surrogate pair (\\ud800 to \\udfff), which jsonb can't store"),
        Arguments.of(
            "{\"a\": \"\\udc00\\ud800\"}",
            "has half of a surrogate pair (\\ud800 to \\udfff), which jsonb can't store"));
  }

  @ParameterizedTest
  @MethodSource("noObjects")
  void whatIsNoObjectThatJsonbTakesIsRefused(String json, String why) {
    assertEquals("kwargs " + why, job("kwargs", json).reason());
    assertEquals("meta " + why, job("meta", json).reason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\": 1",
        "{\"a\": 1,}",
        "{a: 1}",
        "{'a': 1}",
        "{\"a\": NaN}",
        "{\"a\": -Infinity}",
        "{\"a\": Infinity}",
        "{\"a\": 01}",
        "{\"a\": .5}",
        "{\"a\": 1.}",
        "{\"a\": +1}",
        "{\"a\": 0x1}",
        "{\"a\": \"\\x41\"}",
        "{\"a\": \"\\u12\"}",
        "{\"a\": \"line\nbreak\"}",
        "{\"a\": 1} // why",
        "{\"a\": /* why */ 1}",
        "{\"a\": 1}}",
        "{\"a\": 1} x",
        "{\"a\": tru}",
        "{\"a\" 1}",
        "{\"a\": 1 \"b\": 2}",
        "{\"a\": [1, 2}",
        "\ufeff{}",
        "\u00a0{}"
      })
  void whatIsNoJsonIsRefused(String json) {
    String reason = job("kwargs", json).reason();
    String shown = json.replaceAll("\\p{Cntrl}", "?");
    assertTrue(reason.startsWith("kwargs \"" + shown + "\" is not JSON: "), reason);
    assertFalse(reason.contains("\n"), reason);
  }

  static Stream<Arguments> parserMessages() {
    return Stream.of(
        Arguments.of("{\"a\": NaN}", "Non-standard token 'NaN'"),
        Arguments.of("{\"a\": 1", "Unexpected end-of-input: expected close marker for Object"),
        Arguments.of("{\"a\": [1, 2}", "Unexpected close marker '}': expected ']'"),
        Arguments.of(
            "{} // why", "Unexpected character ('/' (code 47)): maybe a (non-standard) comment?"),
        Arguments.of(
            "{\"a\": +1}",
            "Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow"
                + " numbers to have plus signs"),
        Arguments.of(
            "{\"a\": 1,}",
            "Unexpected character ('}' (code 125)): was expecting double-quote to start field"
                + " name"),
        Arguments.of("{\"\\uDEAD\": 1}", "Unexpected low surrogate in field name: 0xdead"));
  }

  @ParameterizedTest
  @MethodSource("parserMessages")
  void messageTellsWhatTheParserSawAndNothingOfItsSwitches(String json, String saw) {
    assertEquals("kwargs \"" + json + "\" is not JSON: " + saw, job("kwargs", json).reason());
  }

  @Test
  void errorsAreAnArray() {
    String json = "[{\"traceback\": \"...\", \"attempt\": 1}]";
    assertEquals(json, job("errors", json).value("errors"));
    assertEquals("errors \"{}\" is not a JSON array", job("errors", "{}").reason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "[{\"t\": \"memory\", \"v\": 1024}]",
        "[{\"t\": \"memory\", \"v\": 1024}, {\"v\": -1, \"t\": \"time\"}]"
      })
  void limitsLoadAsTheyAre(String json) {
    assertEquals(json, job("limits", json).value("limits"));
  }

  static Stream<Arguments> noLimits() {
    String list =
        " is not a list of limits; expected such as [{\"t\": \"memory\", \"v\": 1024}], with t"
            + " memory or time";
    return Stream.of(
            "[1]",
            "[[]]",
            "[null]",
            "[{}]",
            "[{\"t\": \"memory\"}]",
            "[{\"v\": 1}]",
            "[{\"t\": \"disk\", \"v\": 1}]",
            "[{\"t\": \"memory\", \"v\": \"1024\"}]",
            "[{\"t\": \"memory\", \"v\": 1.5}]",
            "[{\"t\": \"memory\", \"v\": null}]",
            "[{\"t\": \"memory\", \"v\": [1]}]",
            "[{\"t\": \"memory\", \"v\": 1, \"x\": 2}]",
            "[{\"t\": 1, \"v\": 1}]",
            "[{\"t\": \"memory\", \"v\": 1}, 7]")
        .map(json -> Arguments.of(json, "limits \"" + json + "\"" + list));
  }

  @ParameterizedTest
  @MethodSource("noLimits")
  void whatIsNoListOfLimitsIsRefused(String json, String reason) {
    assertEquals(reason, job("limits", json).reason());
  }

  @Test
  void limitsAreAnArrayThatEnds() {
    assertEquals("limits \"{}\" is not a JSON array", job("limits", "{}").reason());
    assertEquals("limits \"[] []\" goes on behind its end", job("limits", "[] []").reason());
    assertTrue(job("limits", "[{\"t\":").reason().startsWith("limits \"[{\"t\":\" is not JSON: "));
  }

  @Test
  void nestingAndNumbersAreLeftToPostgresWithoutTrouble() {
    String deep = "{\"a\": " + "[".repeat(200_000) + "]".repeat(200_000) + "}";
    assertEquals(deep, job("kwargs", deep).value("kwargs"));
    String number = "{\"a\": " + "9".repeat(200_000) + ", \"b\": 1e999999999}";
    assertEquals(number, job("kwargs", number).value("kwargs"));
  }

  @Test
  void tableAndChannelFollowThePrefix() {
    List<SourceFile> files = List.of(new SourceFile(0, "jobs.csv", List.of("func")));
    assertEquals("\"chancy_jobs\"", new JobsTarget("chancy_", files, Map.of()).table());
    assertEquals("chancy_events", new JobsTarget("chancy_", files, Map.of()).channel());
    assertEquals("\"work\".\"Q_jobs\"", new JobsTarget("work.Q_", files, Map.of()).table());
    assertEquals("Q_events", new JobsTarget("work.Q_", files, Map.of()).channel());
  }

  @Test
  void prefixThatMakesTooLongANameIsRefused() {
    List<SourceFile> files = List.of(new SourceFile(0, "jobs.csv", List.of("func")));
    String longest = "p".repeat(57);
    assertEquals(63, new JobsTarget("work." + longest, files, Map.of()).channel().length());
    assertEquals(
        "--prefix é" + longest + " makes a channel name of 65 bytes; PostgreSQL takes at most 63",
        assertThrows(
                IllegalArgumentException.class,
                () -> new JobsTarget("é" + longest, files, Map.of()))
            .getMessage());
  }
}
