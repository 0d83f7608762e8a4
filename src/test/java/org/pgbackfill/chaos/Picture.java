package org.pgbackfill.chaos;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgbackfill.ledger.RunIds;

/**
 * Everything that a load leaves, in a form in which two loads of the same work are the same byte
 * for byte: an id that the run gave is the number of its record, and a time of the load is "now".
 *
 * @param table the table's rows in the order of their ids
 * @param outcomes the outcome file's lines
 * @param rejects the reject file's lines
 * @param counters what the summary and the ledger count
 */
record Picture(
    List<String> table, List<String> outcomes, List<String> rejects, List<String> counters) {
  private static final Pattern UUIDS =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private static final Pattern TIMES =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(\\.\\d+)?[+-]\\d\\d(:\\d\\d)?");

  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .appendOffset("+HH:mm", "+00")
          .toFormatter(Locale.ROOT);

  private static final int SHOWN = 3;

  /**
   * Takes out what may differ.
   *
   * @param ids those of the run
   * @param loadedFrom times before are data
   */
  Picture canonical(RunIds ids, Instant loadedFrom) {
    return new Picture(
        canonical(table, ids, loadedFrom),
        canonical(outcomes, ids, loadedFrom),
        canonical(rejects, ids, loadedFrom),
        counters);
  }

  private static List<String> canonical(List<String> lines, RunIds ids, Instant loadedFrom) {
    return lines.stream()
        .map(line -> UUIDS.matcher(line).replaceAll(match -> id(match.group(), ids)))
        .map(
            line ->
                TIMES
                    .matcher(line)
                    .replaceAll(match -> Matcher.quoteReplacement(time(match.group(), loadedFrom))))
        .toList();
  }

  private static String id(String text, RunIds ids) {
    UUID id = UUID.fromString(text);
    return ids.gave(id) ? "record " + ids.number(id) : text;
  }

  private static String time(String text, Instant loadedFrom) {
    Instant time = OffsetDateTime.parse(text, TIME).toInstant();
    return time.isBefore(loadedFrom) || time.isAfter(Instant.now()) ? text : "now";
  }

  /** What is not the same as in the undisturbed load; empty when nothing is. */
  List<String> differences(Picture undisturbed) {
    List<String> differences = new ArrayList<>();
    compare("table", undisturbed.table, table, differences);
    compare("outcome file", undisturbed.outcomes, outcomes, differences);
    compare("reject file", undisturbed.rejects, rejects, differences);
    compare("counters", undisturbed.counters, counters, differences);
    return differences;
  }

  private static void compare(
      String what, List<String> should, List<String> is, List<String> differences) {
    if (should.equals(is)) {
      return;
    }
    List<String> missing = without(should, is);
    List<String> extra = without(is, should);
    differences.add(
        "%s: %d lines instead of %d, %d missing, %d extra%s%s"
            .formatted(
                what,
                is.size(),
                should.size(),
                missing.size(),
                extra.size(),
                shown("missing", missing),
                shown("extra", extra)));
  }

  private static List<String> without(List<String> lines, List<String> others) {
    Map<String, Integer> counts = new HashMap<>();
    others.forEach(line -> counts.merge(line, 1, Integer::sum));
    List<String> rest = new ArrayList<>();
    for (String line : lines) {
      if (counts.merge(line, -1, Integer::sum) < 0) {
        rest.add(line);
      }
    }
    return rest;
  }

  private static String shown(String word, List<String> lines) {
    StringBuilder text = new StringBuilder();
    lines.stream()
        .limit(SHOWN)
        .forEach(line -> text.append("\n    ").append(word).append(": ").append(line));
    return text.toString();
  }
}
