package org.pgbackfill.target;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Points in time as exports have them: PostgreSQL's and ISO 8601's date and time with an offset,
 * and {@code infinity}.
 */
public final class Timestamps {
  /**
   * PostgreSQL keeps six digits of a second's fraction, so a seventh that is not zero is refused
   * and not rounded; and it takes an offset's seconds behind colons only.
   */
  private static final Pattern FORM =
      Pattern.compile(
          "(\\d{4,6})-(\\d\\d)-(\\d\\d)[T ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,6})0{0,6})?)?"
              + " ?(?:Z|UTC|([+-])(\\d\\d)(?::?(\\d\\d)(?:(?<=:\\d\\d):(\\d\\d))?)?)");

  /** The first second behind the last year of timestamptz (PostgreSQL documentation, 8.5). */
  private static final long END =
      LocalDateTime.of(294_277, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);

  /** PostgreSQL takes offsets up to 15:59:59 (MAX_TZDISP_HOUR in its datetime.h). */
  private static final int LAST_OFFSET_HOUR = 15;

  /** PostgreSQL counts from 2000-01-01. */
  private static final long EPOCH =
      LocalDateTime.of(2000, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);

  private static final long MICROS = 1_000_000;

  /** No time has it: PostgreSQL's first year is 4714 BC. */
  private static final long NOT_USUAL = Long.MIN_VALUE + 1;

  private static final int USUAL_LENGTH = 20;
  private static final int NO_OFFSET = Integer.MIN_VALUE;

  /** Why a text is no point in time that PostgreSQL takes. */
  enum Fault {
    FORM,
    NO_SUCH_TIME,
    OUT_OF_RANGE
  }

  private Timestamps() {}

  /**
   * The point in time as timestamptz has it.
   *
   * @param text one that the checks let pass
   * @return microseconds since 2000-01-01 00:00 UTC; the largest and smallest number for infinity
   * @throws IllegalArgumentException when the text is no such point in time
   */
  public static long micros(String text) {
    long usual = usual(text);
    if (usual != NOT_USUAL) {
      return usual;
    }
    if (text.equals("infinity")) {
      return Long.MAX_VALUE;
    }
    if (text.equals("-infinity")) {
      return Long.MIN_VALUE;
    }
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(text);
    }
    return (second(m) - EPOCH) * MICROS + fraction(m.group(7));
  }

  /**
   * The usual form without a look at the pattern: date and time with seconds, a fraction of at most
   * six digits or none, and {@code Z}, {@code +HH} or {@code +HH:MM}.
   *
   * @return as {@link #micros}; {@link #NOT_USUAL} for any other text
   */
  private static long usual(String text) {
    int length = text.length();
    if (length < USUAL_LENGTH
        || text.charAt(4) != '-'
        || text.charAt(7) != '-'
        || (text.charAt(10) != 'T' && text.charAt(10) != ' ')
        || text.charAt(13) != ':'
        || text.charAt(16) != ':') {
      return NOT_USUAL;
    }
    int year = digits(text, 0, 4);
    int month = digits(text, 5, 7);
    int day = digits(text, 8, 10);
    int hour = digits(text, 11, 13);
    int minute = digits(text, 14, 16);
    int second = digits(text, 17, 19);
    int at = 19;
    int micros = 0;
    if (text.charAt(at) == '.') {
      int unit = (int) MICROS;
      for (at++; at < length && isDigit(text.charAt(at)) && unit > 1; at++) {
        unit /= 10;
        micros += unit * (text.charAt(at) - '0');
      }
      if (unit == MICROS) {
        return NOT_USUAL;
      }
    }
    int offset = offset(text, at);
    // What may be no such time is left to those who can say why.
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > (month == 2 ? 28 : 30)) {
      return NOT_USUAL;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
      return NOT_USUAL;
    }
    if (offset == NO_OFFSET) {
      return NOT_USUAL;
    }
    long local =
        LocalDate.of(year, month, day).toEpochDay() * 86_400L
            + hour * 3600L
            + minute * 60L
            + second;
    return (local - offset - EPOCH) * MICROS + micros;
  }

  /** In seconds, of what the text ends with. */
  private static int offset(String text, int at) {
    int rest = text.length() - at;
    if (rest == 1 && text.charAt(at) == 'Z') {
      return 0;
    }
    if ((rest != 3 && rest != 6) || (rest == 6 && text.charAt(at + 3) != ':')) {
      return NO_OFFSET;
    }
    int hours = digits(text, at + 1, at + 3);
    int minutes = rest == 6 ? digits(text, at + 4, at + 6) : 0;
    if (hours < 0 || hours > LAST_OFFSET_HOUR || minutes < 0 || minutes > 59) {
      return NO_OFFSET;
    }
    int seconds = hours * 3600 + minutes * 60;
    return text.charAt(at) == '+' ? seconds : text.charAt(at) == '-' ? -seconds : NO_OFFSET;
  }

  /** Negative when something else is among them. */
  private static int digits(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      if (!isDigit(text.charAt(i))) {
        return -1;
      }
      number = 10 * number + text.charAt(i) - '0';
    }
    return number;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int fraction(String digits) {
    int micros = 0;
    for (int i = 0; i < 6; i++) {
      int digit = digits != null && i < digits.length() ? digits.charAt(i) - '0' : 0;
      micros = micros * 10 + digit;
    }
    return micros;
  }

  /** What is wrong with the text; null for nothing. */
  static Fault fault(String text) {
    if (usual(text) != NOT_USUAL || text.equals("infinity") || text.equals("-infinity")) {
      return null;
    }
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      return Fault.FORM;
    }
    long second;
    try {
      second = second(m);
    } catch (DateTimeException e) {
      return Fault.NO_SUCH_TIME;
    }
    return number(m, 1) == 0
            || number(m, 9) > LAST_OFFSET_HOUR
            || number(m, 10) > 59
            || number(m, 11) > 59
            || second >= END
        ? Fault.OUT_OF_RANGE
        : null;
  }

  private static long second(Matcher m) {
    long local =
        LocalDateTime.of(
                number(m, 1), number(m, 2), number(m, 3), number(m, 4), number(m, 5), number(m, 6))
            .toEpochSecond(ZoneOffset.UTC);
    int offset = number(m, 9) * 3600 + number(m, 10) * 60 + number(m, 11);
    return "-".equals(m.group(8)) ? local + offset : local - offset;
  }

  /** A part that was left out is 0. */
  private static int number(Matcher m, int group) {
    return m.group(group) == null ? 0 : Integer.parseInt(m.group(group));
  }
}
