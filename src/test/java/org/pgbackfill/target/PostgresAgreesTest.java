package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/**
 * The checks against the server that they speak for: what passes them, PostgreSQL takes, and means
 * the same by it. Less may pass than PostgreSQL would take.
 */
@Tag("database")
class PostgresAgreesTest {
  private static final TestDatabase DATABASE = TestServer.shared().database();

  @BeforeAll
  static void makeFunction() {
    DATABASE.run(
        """
        CREATE FUNCTION read_as(value text, type text) RETURNS text LANGUAGE plpgsql AS $$
        DECLARE result text;
        BEGIN
          EXECUTE format(CASE type
            WHEN 'timestamptz' THEN
              'SELECT CASE WHEN isfinite($1::%1$s)
                 -- in two parts: epoch alone is inexact in the last years
                 THEN (extract(epoch FROM date_trunc(''second'', $1::%1$s)) * 1000000
                       + extract(microseconds FROM $1::%1$s) %% 1000000)::numeric(30)::text
                 ELSE $1 END'
            ELSE 'SELECT $1::%1$s::text' END, type) INTO result USING value;
          RETURN result;
        EXCEPTION WHEN OTHERS THEN RETURN 'refused';
        END $$
        """);
  }

  /** What PostgreSQL reads each text as; a timestamp in microseconds since 1970. */
  private static Map<String, String> postgres(String type, Iterable<String> texts)
      throws SQLException {
    List<String> all = new ArrayList<>();
    texts.forEach(all::add);
    Map<String, String> read = new LinkedHashMap<>();
    try (Connection connection = DATABASE.connect();
        PreparedStatement statement =
            connection.prepareStatement("SELECT t, read_as(t, ?) FROM unnest(?::text[]) AS t")) {
      Array array = connection.createArrayOf("text", all.toArray());
      statement.setString(1, type);
      statement.setArray(2, array);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          read.put(result.getString(1), result.getString(2));
        }
      }
    }
    return read;
  }

  /** What passes, and PostgreSQL refuses or reads as something else than expected. */
  private static List<String> disagreements(
      String type, Map<String, String> expected, Predicate<String> passes) throws SQLException {
    Map<String, String> accepted = new LinkedHashMap<>(expected);
    accepted.keySet().removeIf(passes.negate());
    Map<String, String> read = postgres(type, accepted.keySet());
    return accepted.entrySet().stream()
        .filter(e -> !e.getValue().equals(read.get(e.getKey())))
        .map(e -> e.getKey() + " is " + e.getValue() + ", read as " + read.get(e.getKey()))
        .toList();
  }

  private static boolean passes(String column, String value) {
    return Sheet.of("func", "f", column, value).job().checked() instanceof Row;
  }

  private static final List<String> DATES =
      List.of(
          "2026-11-21",
          "2024-02-29",
          "2023-02-29",
          "1970-01-01",
          "1969-12-31",
          "0001-01-01",
          "0099-12-31",
          "0100-01-01",
          "1582-10-10",
          "9999-12-31",
          "10000-01-01",
          "99999-06-30",
          "100000-01-01",
          "294276-12-31",
          "294277-01-01",
          "002026-11-21",
          "02026-11-21",
          "2026-04-31",
          "2026-00-10",
          "2026-10-00",
          "0000-06-01",
          "26-11-21",
          "2026-1-2");
  private static final List<String> TIMES =
      List.of(
          "00:00:00",
          "23:59:59",
          "08:30",
          "08:30:07",
          "24:00:00",
          "23:59:60",
          "08:60:00",
          "8:30",
          "08",
          "0830",
          "083000",
          "08:30:7");
  private static final List<String> FRACTIONS =
      List.of(
          "",
          ".",
          ".5",
          ".000001",
          ".999999",
          ".9999999",
          ".123456",
          ".1234560",
          ".123456000",
          ".0000000000",
          ".1234567",
          ",5",
          ".10" + "0".repeat(150));
  private static final List<String> OFFSETS =
      List.of(
          "Z",
          "z",
          "UTC",
          "+00",
          "-00",
          "+05",
          "-05",
          "+0530",
          "+05:30",
          "-03:30",
          "+05:30:15",
          "-00:00:01",
          "+053015",
          "+0530:15",
          "+05:3015",
          "+14",
          "+15",
          "-15:59:59",
          "+15:60",
          "+16",
          "+5",
          "+530",
          "+05:3",
          "",
          "CET",
          "+24:00",
          " BC");
  private static final List<String> SEPARATORS = List.of(" ", "T", "t", "", "  ");
  private static final List<String> BLANKS = List.of("", "", "", " ", "  ");

  /**
   * Dates, times and offsets in all forms, together and mixed by a seed, with the instant that
   * java.time makes of them; {@code refused} where it has none.
   */
  private static Map<String, String> timestamps() {
    Map<String, String> all = new LinkedHashMap<>();
    Random random = new Random(4);
    for (int i = 0; i < 20_000; i++) {
      String date = DATES.get(random.nextInt(DATES.size()));
      String time = TIMES.get(random.nextInt(TIMES.size()));
      String fraction = FRACTIONS.get(random.nextInt(FRACTIONS.size()));
      String offset = OFFSETS.get(random.nextInt(OFFSETS.size()));
      all.put(
          date
              + SEPARATORS.get(Math.max(0, random.nextInt(9) - 4))
              + time
              + fraction
              + BLANKS.get(random.nextInt(BLANKS.size()))
              + offset,
          instant(date, time, fraction, offset));
    }
    return all;
  }

  private static String instant(String date, String time, String fraction, String offset) {
    try {
      String[] d = date.split("-", -1);
      String[] t = time.split(":", -1);
      LocalDateTime local =
          LocalDateTime.of(
              Integer.parseInt(d[0]),
              Integer.parseInt(d[1]),
              Integer.parseInt(d[2]),
              Integer.parseInt(t[0]),
              Integer.parseInt(t[1]),
              t.length > 2 ? Integer.parseInt(t[2]) : 0);
      long micros = Long.parseLong((fraction.replace(".", "") + "000000").substring(0, 6));
      long seconds = local.toEpochSecond(ZoneOffset.UTC) - offsetSeconds(offset);
      // The last years' microseconds since 1970 have more than 64 bits.
      return BigInteger.valueOf(seconds)
          .multiply(BigInteger.valueOf(1_000_000))
          .add(BigInteger.valueOf(micros))
          .toString();
    } catch (RuntimeException e) {
      return "refused";
    }
  }

  private static int offsetSeconds(String offset) {
    if (offset.matches("Z|UTC")) {
      return 0;
    }
    String digits = offset.substring(1).replace(":", "") + "000000";
    int seconds =
        Integer.parseInt(digits.substring(0, 2)) * 3600
            + Integer.parseInt(digits.substring(2, 4)) * 60
            + Integer.parseInt(digits.substring(4, 6));
    return offset.charAt(0) == '-' ? -seconds : seconds;
  }

  @Test
  void everyTimestampThatPassesIsTheSameInstantInPostgres() throws SQLException {
    Map<String, String> all = timestamps();
    Set<String> passing =
        all.keySet().stream()
            .filter(text -> passes("scheduled_at", text))
            .collect(Collectors.toSet());
    assertTrue(passing.size() > 300, () -> "only " + passing + " pass: the test says nothing");
    assertEquals(List.of(), disagreements("timestamptz", all, passing::contains));
    // What COPY sends counts from 2000 instead of 1970.
    for (String text : passing) {
      assertEquals(
          new BigInteger(all.get(text)),
          BigInteger.valueOf(Timestamps.micros(text)).add(BigInteger.valueOf(946_684_800_000_000L)),
          text);
    }
    // Control: what looks like a timestamp is not always one.
    Pattern naive = Pattern.compile("\\d{4,6}-\\d\\d-\\d\\d[T ][\\d:.]+ ?(Z|UTC|[+-][\\d:]+)");
    List<String> wrong = disagreements("timestamptz", all, t -> naive.matcher(t).matches());
    assertTrue(wrong.size() > 300, () -> "the naive check found only " + wrong);
  }

  @Test
  void timestampsAsPostgresWritesThemPass() throws SQLException {
    List<String> written =
        DATABASE.rows(
            """
            SELECT t::text FROM unnest('{infinity,-infinity,
                2026-11-21 08:30:00.123456+00, 2026-11-21 08:30:00.1+00, 0001-01-01 00:00:00+00,
                294276-12-31 23:59:59.999999+00}'::timestamptz[]) t
            UNION ALL
            SELECT replace(t::text, ' ', 'T') FROM unnest('{2026-11-21 08:30:00+00}'::timestamptz[]) t
            UNION ALL
            SELECT to_json(t) #>> '{}' FROM unnest('{2026-11-21 08:30:00.5+00}'::timestamptz[]) t
            """);
    assertEquals(8, written.size());
    assertEquals(
        List.of(), written.stream().filter(text -> !passes("scheduled_at", text)).toList());
  }

  @Test
  void timestampsInEveryZoneThatPostgresWritesPass() throws SQLException {
    List<String> written = new ArrayList<>();
    try (Connection connection = DATABASE.connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT set_config('TimeZone', ?, false), '1883-01-01 12:00+00'::timestamptz::text,"
                    + " '2026-07-01 12:00+00'::timestamptz::text")) {
      for (String zone :
          List.of("UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Amsterdam", "Asia/Manila")) {
        statement.setString(1, zone);
        try (ResultSet result = statement.executeQuery()) {
          result.next();
          written.add(result.getString(2));
          written.add(result.getString(3));
        }
      }
    }
    // Local mean time has seconds in its offset.
    assertTrue(
        written.stream().anyMatch(t -> t.matches(".*[+-]\\d\\d:\\d\\d:\\d\\d")), written::toString);
    assertEquals(
        List.of(), written.stream().filter(text -> !passes("scheduled_at", text)).toList());
  }

  @Test
  void everyUuidThatPassesIsTheSameInPostgres() throws SQLException {
    String canonical = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";
    Map<String, String> all = new LinkedHashMap<>();
    for (String text :
        List.of(
            canonical,
            "7D3C1F0E-9A4B-4C62-8F10-2B5A6C7D8E9F",
            "7d3c1f0e9a4b4c628f102b5a6c7d8e9f",
            "{" + canonical + "}",
            "{7d3c1f0e9a4b4c628f102b5a6c7d8e9f}",
            "7d3c-1f0e-9a4b-4c62-8f10-2b5a-6c7d-8e9f",
            "{" + canonical,
            canonical + "}",
            " " + canonical,
            "(" + canonical + ")")) {
      all.put(text, canonical);
    }
    all.put("1-2-3-4-5", "00000001-0002-0003-0004-000000000005");
    all.put("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000");
    all.put("ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff");
    assertEquals(List.of(), disagreements("uuid", all, text -> passes("id", text)));
    // Control: Java's own reading takes what PostgreSQL refuses.
    assertEquals(
        List.of("1-2-3-4-5 is 00000001-0002-0003-0004-000000000005, read as refused"),
        disagreements("uuid", all, PostgresAgreesTest::isJavaUuid));
  }

  private static boolean isJavaUuid(String text) {
    try {
      return java.util.UUID.fromString(text) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void everyWholeNumberThatPassesIsTheSameInPostgres() throws SQLException {
    Map<String, String> all = new LinkedHashMap<>();
    for (String text :
        List.of(
            "0",
            "-0",
            "+7",
            " 7 ",
            "007",
            "-2147483648",
            "2147483647",
            "2147483648",
            "1.0",
            "1e3",
            "",
            " ",
            "٣",
            "３",
            "0x10",
            "1_000",
            "--1",
            "+-1",
            "\u00a07",
            "\u20037")) {
      all.put(text, java(text));
    }
    assertEquals(
        List.of(),
        disagreements("integer", all, text -> !text.isEmpty() && passes("priority", text)));
    // Control: to Java a digit of any script is one, and any blank is blank.
    assertTrue(disagreements("integer", all, text -> !java(text).equals("refused")).size() >= 2);
  }

  private static String java(String text) {
    try {
      return Integer.toString(Integer.parseInt(text.strip()));
    } catch (NumberFormatException e) {
      return "refused";
    }
  }

  @Test
  void everyJsonThatPassesIsTakenByJsonbUnlessItIsTooLargeForIt() throws SQLException {
    List<String> values = new ArrayList<>();
    for (String inner :
        List.of(
            "1",
            "-0",
            "1.5E+10",
            "1e308",
            "1e400",
            "123456789012345678901234567890",
            "0.1",
            "00",
            "01",
            "-",
            "- 1",
            "1.",
            ".5",
            "+1",
            "NaN",
            "Infinity",
            "true",
            "True",
            "nul",
            "null",
            "\"\"",
            "\"\\u0041\"",
            "\"\\u0000\"",
            "\"\\\\u0000\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ud83d\\n\"",
            "\"\\ud83d😀\"",
            "\"\\ud83d\\ud83d\\ude00\"",
            "\"\\ude00\\ud83d\"",
            "\"😀\"",
            "\"\\/\\b\\f\\n\\r\\t\"",
            "\"\\a\"",
            "\"\t\"",
            "\"\u0001\"",
            "\"\u007f\"",
            "\"\u0085\u2028\ufeff\"",
            "'a'",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\":1,\"a\":2}",
            "{\"\":1}",
            "{\"a\"}",
            "{a:1}",
            "{,}",
            "\u00a01",
            "1\u00a0",
            "\f1",
            "\u000b1",
            "1//",
            "1#",
            "[[[[]]]]",
            "\"\\u00E9\\u00e9\"",
            "\"\\uD83D\\uDE00\"",
            "\"\\U0041\"",
            "\"\\u004\"")) {
      values.add("{\"a\": " + inner + "}");
      values.add("{\"a\":[\n" + inner + "\r\t]} ");
    }
    values.addAll(List.of("{}", " {}", "{}{}", "{} x", "{}]", "\ufeff{}", "{}\0".strip(), ""));
    for (String escape : List.of("\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0041")) {
      values.add("{\"" + escape + "\": 1}");
    }
    values.removeIf(text -> text.isEmpty() || text.indexOf('\0') >= 0);
    Map<String, String> read = postgres("jsonb", values);
    List<String> passed = values.stream().filter(text -> passes("kwargs", text)).toList();
    assertEquals(
        List.of(), passed.stream().filter(text -> read.get(text).equals("refused")).toList());
    // And nothing that jsonb takes is refused: an operator could not mend it.
    assertEquals(
        List.of(),
        values.stream()
            .filter(text -> !read.get(text).equals("refused") && !passed.contains(text))
            .toList());
    // Control: JSON alone, as json takes it, is not enough.
    Map<String, String> asJson = postgres("json", values);
    List<String> jsonOnly =
        values.stream()
            .filter(t -> !asJson.get(t).equals("refused") && read.get(t).equals("refused"))
            .toList();
    assertTrue(jsonOnly.contains("{\"a\": \"\\u0000\"}"), jsonOnly::toString);
    assertTrue(jsonOnly.contains("{\"a\": \"\\ud83d\"}"), jsonOnly::toString);
  }

  @Test
  void lengthsAreCountedAsPostgresCountsThem() throws SQLException {
    List<String> names =
        List.of("n".repeat(255), "👩".repeat(255), "é".repeat(255), "e\u0301".repeat(127) + "e");
    Map<String, String> read = postgres("varchar(255)", names);
    assertEquals(names, List.copyOf(read.values()));
    String lengths =
        names.stream()
            .map(n -> Long.toString(n.codePoints().count()))
            .collect(Collectors.joining());
    assertEquals(
        lengths,
        String.join(
            "",
            DATABASE.rows(
                "SELECT length(n) FROM unnest(ARRAY['"
                    + String.join("','", names)
                    + "']) WITH ORDINALITY AS u (n, o) ORDER BY o")));
  }
}
