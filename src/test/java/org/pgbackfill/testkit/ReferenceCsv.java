package org.pgbackfill.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * RFC 4180 read character by character, slowly and plainly, by a state machine that shares nothing
 * with the reader it is compared with.
 */
public final class ReferenceCsv {
  /**
   * One record, or what is lost as one.
   *
   * @param line the first line's number, 1-based
   * @param lines how many physical lines it has
   * @param fields null where there is no record
   */
  public record Entry(long line, int lines, List<String> fields) {}

  private record Line(String text, String end) {}

  private enum State {
    FIELD_START,
    UNQUOTED,
    QUOTED,
    QUOTE_IN_QUOTED
  }

  /** What a text comes to as one record: fields, or why it has none. */
  private record Attempt(List<String> fields, boolean open) {
    boolean hasFields(int count) {
      return fields != null && fields.size() == count;
    }
  }

  private ReferenceCsv() {}

  /**
   * Everything in a text that has no header: what each line that is not blank belongs to. A line is
   * lost when quotes make no record of it and the lines behind it; or one of the wrong number of
   * fields, and one of these lines is a record by itself. When none is, all of them are lost
   * together, as one ragged record.
   */
  public static List<Entry> entries(String text, int columns) {
    List<Line> lines = lines(text);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < lines.size(); ) {
      if (lines.get(i).text().isEmpty()) {
        i++;
        continue;
      }
      Entry entry = entry(lines, i, columns);
      entries.add(entry);
      i += entry.lines();
    }
    return entries;
  }

  private static Entry entry(List<Line> lines, int first, int columns) {
    StringBuilder text = new StringBuilder();
    for (int last = first; last < lines.size(); last++) {
      Attempt attempt = attempt(text.append(lines.get(last).text()).toString());
      if (attempt.hasFields(columns)) {
        return new Entry(first + 1L, last - first + 1, attempt.fields());
      }
      if (!attempt.open()) {
        boolean ragged =
            attempt.fields() != null
                && lines.subList(first + 1, last + 1).stream()
                    .noneMatch(line -> attempt(line.text()).hasFields(columns));
        return new Entry(first + 1L, ragged ? last - first + 1 : 1, null);
      }
      text.append(lines.get(last).end());
    }
    return new Entry(first + 1L, 1, null);
  }

  /**
   * The records of a file that must be well-formed, as a report's must.
   *
   * @throws IllegalArgumentException when it is not
   */
  public static List<List<String>> records(String text) {
    List<Line> lines = lines(text);
    int columns = attempt(lines.get(0).text()).fields().size();
    return entries(text, columns).stream()
        .map(
            entry -> {
              if (entry.fields() == null) {
                throw new IllegalArgumentException("line " + entry.line() + " of: " + text);
              }
              return entry.fields();
            })
        .collect(Collectors.toList());
  }

  private static List<Line> lines(String text) {
    List<Line> lines = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int feed = text.indexOf('\n', from);
      if (feed < 0) {
        lines.add(new Line(text.substring(from), ""));
        break;
      }
      boolean carriageReturn = feed > from && text.charAt(feed - 1) == '\r';
      int end = carriageReturn ? feed - 1 : feed;
      lines.add(new Line(text.substring(from, end), text.substring(end, feed + 1)));
      from = feed + 1;
    }
    return lines;
  }

  private static Attempt attempt(String text) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    State state = State.FIELD_START;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean quote = c == '"';
      boolean comma = c == ',';
      switch (state) {
        case FIELD_START, UNQUOTED -> {
          if (quote && state == State.UNQUOTED) {
            return new Attempt(null, false);
          }
          if (comma) {
            fields.add(take(field));
            state = State.FIELD_START;
          } else if (quote) {
            state = State.QUOTED;
          } else {
            field.append(c);
            state = State.UNQUOTED;
          }
        }
        case QUOTED -> {
          if (quote) {
            state = State.QUOTE_IN_QUOTED;
          } else {
            field.append(c);
          }
        }
        case QUOTE_IN_QUOTED -> {
          if (quote) {
            field.append(c);
            state = State.QUOTED;
          } else if (comma) {
            fields.add(take(field));
            state = State.FIELD_START;
          } else {
            return new Attempt(null, false);
          }
        }
      }
    }
    if (state == State.QUOTED) {
      return new Attempt(null, true);
    }
    fields.add(take(field));
    return new Attempt(fields, false);
  }

  private static String take(StringBuilder field) {
    String value = field.toString();
    field.setLength(0);
    return value;
  }
}
