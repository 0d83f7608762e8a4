package org.pgbackfill.target;

import com.sanctionco.jmail.EmailValidator;
import com.sanctionco.jmail.JMail;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.Utf8;

/** The checks that contacts and jobs share. Each gives the value on, or throws {@link Refused}. */
final class Checks {
  /** A value that can't be loaded; caught where the record is checked, never seen outside. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String reason) {
      // No stack trace: a file can have a million of them.
      super(reason, null, false, false);
    }
  }

  private static final int SHOWN = 60;

  /**
   * PostgreSQL's and ISO 8601's date and time with an offset. PostgreSQL keeps six digits of a
   * second's fraction, so a seventh that is not zero is refused and not rounded; and it takes an
   * offset's seconds behind colons only.
   */
  private static final Pattern TIMESTAMP =
      Pattern.compile(
          "(\\d{4,6})-(\\d\\d)-(\\d\\d)[T ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.\\d{1,6}0{0,6})?)?"
              + " ?(?:Z|UTC|([+-])(\\d\\d)(?::?(\\d\\d)(?:(?<=:\\d\\d):(\\d\\d))?)?)");

  /** The first second behind the last year of timestamptz (PostgreSQL documentation, 8.5). */
  private static final long END =
      LocalDateTime.of(294_277, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);

  /** PostgreSQL takes offsets up to 15:59:59 (MAX_TZDISP_HOUR in its datetime.h). */
  private static final int LAST_OFFSET_HOUR = 15;

  /** PostgreSQL's digits and blanks are ASCII; to Java those of every script are. */
  private static final Pattern INTEGER = Pattern.compile("\\s*([+-]?\\d+)\\s*");

  /**
   * RFC 5321 and 5322 as JMail has them, without the obsolete forms that no mailbox has, and
   * without what surrounds an address in a message's header: a comment or a display name would make
   * another key of the same mailbox.
   */
  private static final EmailValidator ADDRESS =
      JMail.validator()
          .disallowExplicitSourceRouting()
          .disallowObsoleteWhitespace()
          .withRule(email -> email.comments().isEmpty());

  private Checks() {}

  /** Refuses what no text column can take, whichever field it stands in. */
  static void text(CsvRecord record) throws Refused {
    if (record.fault() != null) {
      throw new Refused(record.fault());
    }
    int size = record.file().header().size();
    for (int i = 0; i < size; i++) {
      String value = record.field(i);
      if (value.indexOf('\0') >= 0) {
        throw new Refused(header(record, i) + " has a NUL character, which PostgreSQL can't store");
      }
      if (Utf8.isMalformed(value)) {
        throw new Refused(header(record, i) + " is not UTF-8; save the export as UTF-8");
      }
    }
  }

  private static String header(CsvRecord record, int column) {
    return record.file().header().get(column).strip();
  }

  static UUID uuid(String column, String value) throws Refused {
    UUID id = parseUuid(value);
    if (id == null) {
      throw new Refused(column + " " + shown(value) + " is not a uuid");
    }
    return id;
  }

  /** The forms that PostgreSQL takes in practice: with hyphens or without, in braces or not. */
  static UUID parseUuid(String value) {
    int from = 0;
    int to = value.length();
    if (to > 1 && value.charAt(0) == '{' && value.charAt(to - 1) == '}') {
      from = 1;
      to--;
    }
    boolean hyphens = to - from == 36;
    if (!hyphens && to - from != 32) {
      return null;
    }
    long high = 0;
    long low = 0;
    int digits = 0;
    for (int i = from; i < to; i++) {
      char c = value.charAt(i);
      int place = i - from;
      if (hyphens && (place == 8 || place == 13 || place == 18 || place == 23)) {
        if (c != '-') {
          return null;
        }
        continue;
      }
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return null;
      }
      if (digits++ < 16) {
        high = high << 4 | digit;
      } else {
        low = low << 4 | digit;
      }
    }
    return new UUID(high, low);
  }

  static String address(String column, String value) throws Refused {
    if (value.endsWith(">") || !ADDRESS.isValid(value)) {
      throw new Refused(column + " " + shown(value) + " is not an address");
    }
    return value;
  }

  /** Counts as PostgreSQL does, in code points. */
  static String atMost(String column, String value, int limit) throws Refused {
    if (value.length() > limit) {
      int length = value.codePointCount(0, value.length());
      if (length > limit) {
        throw new Refused(
            column
                + " "
                + shown(value)
                + " has "
                + length
                + " characters; expected at most "
                + limit);
      }
    }
    return value;
  }

  static String timestamp(String column, String value) throws Refused {
    if (value.equals("infinity") || value.equals("-infinity")) {
      return value;
    }
    Matcher m = TIMESTAMP.matcher(value);
    if (!m.matches()) {
      throw new Refused(
          column
              + " "
              + shown(value)
              + " is not a timestamp; expected date, time and offset such as 2026-11-21"
              + " 08:30:00+00");
    }
    long second;
    try {
      second =
          LocalDateTime.of(
                  number(m, 1),
                  number(m, 2),
                  number(m, 3),
                  number(m, 4),
                  number(m, 5),
                  number(m, 6))
              .toEpochSecond(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new Refused(
          column + " " + shown(value) + " is not a timestamp: there is no such date or time");
    }
    int offset = number(m, 8) * 3600 + number(m, 9) * 60 + number(m, 10);
    if (number(m, 1) == 0
        || number(m, 8) > LAST_OFFSET_HOUR
        || number(m, 9) > 59
        || number(m, 10) > 59
        || second - ("-".equals(m.group(7)) ? -offset : offset) >= END) {
      throw new Refused(column + " " + shown(value) + " is outside of what PostgreSQL takes");
    }
    return value;
  }

  /** A part that was left out is 0. */
  private static int number(Matcher m, int group) {
    return m.group(group) == null ? 0 : Integer.parseInt(m.group(group));
  }

  static String integer(String column, String value) throws Refused {
    Matcher m = INTEGER.matcher(value);
    try {
      if (m.matches()) {
        return Integer.toString(Integer.parseInt(m.group(1)));
      }
    } catch (NumberFormatException e) {
      // too large: said below
    }
    throw new Refused(
        column
            + " "
            + shown(value)
            + " is not a whole number from "
            + Integer.MIN_VALUE
            + " to "
            + Integer.MAX_VALUE);
  }

  /** For a message: quoted, and no longer than helps. */
  static String shown(String value) {
    String start =
        value.codePointCount(0, value.length()) <= SHOWN
            ? value
            : value.substring(0, value.offsetByCodePoints(0, SHOWN)) + "...";
    return "\"" + start.replaceAll("\\p{Cntrl}", "?") + "\"";
  }
}
