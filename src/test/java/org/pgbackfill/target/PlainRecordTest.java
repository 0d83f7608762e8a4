package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;

/** The quick way through the checks says and keeps what the other one does. */
class PlainRecordTest {
  private static final int RECORDS = 20_000;

  private static final String[] VALUES = {
    "",
    "",
    "",
    " ",
    "a",
    " a",
    "default",
    "pending",
    "succeeded",
    "lost",
    "{}",
    "[]",
    "{\"a\": [1, \"\\u00e9\"]}",
    "{\"a\":",
    "[{\"t\": \"time\", \"v\": 3}]",
    "[1]",
    "0",
    "7",
    "-7",
    "-0",
    "007",
    "+7",
    "-",
    "999999999",
    "1234567890",
    "12345678901",
    "2026-11-21T08:30:00Z",
    "2026-02-30T08:30:00Z",
    "infinity",
    "00000000-0000-4000-8000-00000000000a",
    "{00000000-0000-4000-8000-00000000000A}",
    "0000000000004000800000000000000a",
    "00000000-0000-4000-8000-00000000000g",
    "00000000-0000x4000-8000-00000000000a",
    "ann@example.com",
    "Ann@Example.com",
    "ann@xn--bcher-kva.example",
    "ann@bücher.example",
    "ann@@example.com",
    "é".repeat(200),
    "x".repeat(260)
  };

  private static final List<String> JOB_COLUMNS =
      List.of(
          "func",
          "id",
          "queue",
          "state",
          "unique_key",
          "kwargs",
          "limits",
          "meta",
          "errors",
          "priority",
          "attempts",
          "max_attempts",
          "taken_by",
          "created_at",
          "scheduled_at");

  private static final List<String> CONTACT_COLUMNS =
      List.of(
          "link_id", "email_address", "id", "name", "original_photo_url", "created_at", "other");

  private static Checked checked(
      String csv, Function<List<SourceFile>, Target> target, boolean plain) {
    byte[] bytes = csv.getBytes(StandardCharsets.UTF_8);
    try (CsvSource source = CsvSource.open(List.of("-"), new ByteArrayInputStream(bytes))) {
      Target made = target.apply(source.files());
      CsvRecord record = source.next();
      assertEquals(plain, record.isPlain(), csv);
      return made.check(record, number -> Sheet.DERIVED);
    } catch (SourceException e) {
      throw new IllegalStateException(csv, e);
    }
  }

  /** What there is to know of it. */
  private static List<Object> told(Checked checked, int columns) {
    List<Object> told = new ArrayList<>();
    if (checked instanceof Reject reject) {
      told.add(reject.reason());
      return told;
    }
    Row row = (Row) checked;
    for (int c = 0; c < columns; c++) {
      told.add(row.value(c));
      assertEquals(row.value(c) != null, row.has(c));
    }
    told.add(row.id());
    told.add(row.idGiven());
    told.add(row.link());
    told.add(row.keyText());
    told.add(row.keyed());
    told.add(row.lane(64));
    told.add(row.shownKey());
    return told;
  }

  private static void compare(
      List<String> columns, String[] usual, Function<List<SourceFile>, Target> target, int most) {
    Random random = new Random(12);
    int rows = 0;
    Row last = null;
    for (int i = 0; i < RECORDS; i++) {
      List<String> header = new ArrayList<>();
      List<String> values = new ArrayList<>();
      for (int c = 0; c < columns.size(); c++) {
        if (c < usual.length || random.nextInt(4) == 0) {
          boolean isUsual = c < usual.length && random.nextInt(8) > 0;
          String value = isUsual ? usual[c] : VALUES[random.nextInt(VALUES.length)];
          header.add(columns.get(c));
          values.add('"' + value.replace("\"", "\"\"") + '"');
        }
      }
      String csv = String.join(",", header) + "\n" + String.join(",", values);
      Target made = target.apply(List.of(new SourceFile(0, "f", header)));
      int count = made.columns().size();
      // The last line without a line break takes the other way.
      Checked quick = checked(csv + "\n", target, true);
      assertEquals(told(checked(csv, target, false), count), told(quick, count), csv);
      if (quick instanceof Row row) {
        Row before = last == null ? row : last;
        boolean same = before.value(most).equals(row.value(most));
        assertEquals(same, Rows.of(List.of(before, row)).haveSameValue(0, 1, most), csv);
        last = row;
        rows++;
      }
    }
    assertTrue(rows > RECORDS / 20 && rows < RECORDS * 19 / 20, rows + " rows");
  }

  @Test
  void jobsAreCheckedAlikeOnBothWays() {
    // Column 2 is func.
    compare(JOB_COLUMNS, new String[] {"f"}, files -> new JobsTarget("q_", files, Map.of()), 2);
  }

  @Test
  void contactsAreCheckedAlikeOnBothWays() {
    String link = "00000000-0000-4000-8000-00000000000b";
    compare(
        CONTACT_COLUMNS,
        new String[] {link, "bob@example.com"},
        files -> new ContactsTarget("c", files, Map.of(), null),
        2);
  }

  @Test
  void aPlainIntegerIsWhatPostgresWouldWrite() {
    for (String value : List.of("0", "7", "-7", "999999999", "-999999999")) {
      assertTrue(isPlainInteger(value), value);
    }
    for (String value : List.of("-", "-0", "00", "+1", "1 ", "1a", "1234567890", "١")) {
      assertFalse(isPlainInteger(value), value);
    }
  }

  private static boolean isPlainInteger(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return Checks.isPlainInteger(bytes, 0, bytes.length);
  }
}
