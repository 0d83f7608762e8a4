package org.pgbackfill.target;

import java.time.DateTimeException;
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
    if (text.equals("infinity") || text.equals("-infinity")) {
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
