package org.pgbackfill.target;

import com.sanctionco.jmail.EmailValidator;
import com.sanctionco.jmail.JMail;
import java.nio.charset.StandardCharsets;
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

  /**
   * The last domains that JMail took, by their hash: to take one in another script apart is long.
   */
  private static final String[] DOMAINS = new String[256];

  /** Instead of a domain that is known. */
  private static final String ANY_DOMAIN = "a.aa";

  /**
   * By byte: a digit's value, or -1. Letters and digits come at random: no branch foresees them.
   */
  private static final byte[] HEX = new byte[256];

  static {
    for (int b = 0; b < HEX.length; b++) {
      HEX[b] = (byte) (b < 0x80 ? Character.digit(b, 16) : -1);
    }
  }

  private Checks() {}

  /** Refuses what no text column can take, whichever field it stands in. */
  static void text(CsvRecord record) throws Refused {
    if (record.fault() != null) {
      throw new Refused(record.fault());
    }
    if (record.isPlain()) {
      return;
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
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    int to = bytes.length;
    return to > 1 && bytes[0] == '{' && bytes[to - 1] == '}'
        ? parseUuid(bytes, 1, to - 1)
        : parseUuid(bytes, 0, to);
  }

  /** Without braces; null when it is no uuid. */
  static UUID parseUuid(byte[] value, int from, int to) {
    boolean hyphens = to - from == 36;
    if (!hyphens && to - from != 32) {
      return null;
    }
    int gap = hyphens ? 1 : 0;
    int second = from + 8 + gap;
    int third = second + 4 + gap;
    int fourth = third + 4 + gap;
    int fifth = fourth + 4 + gap;
    if (hyphens
        && !(isHyphen(value, second)
            && isHyphen(value, third)
            && isHyphen(value, fourth)
            && isHyphen(value, fifth))) {
      return null;
    }
    long a = hex(value, from, 8);
    long b = hex(value, second, 4);
    long c = hex(value, third, 4);
    long d = hex(value, fourth, 4);
    long e = hex(value, fifth, 12);
    boolean all = (a | b | c | d | e) >= 0;
    return all ? new UUID(a << 32 | b << 16 | c, d << 48 | e) : null;
  }

  private static boolean isHyphen(byte[] value, int behind) {
    return value[behind - 1] == '-';
  }

  /** Negative when there is another character among them. */
  private static long hex(byte[] value, int from, int digits) {
    long number = 0;
    int all = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = HEX[value[i] & 0xFF];
      all |= digit;
      number = number << 4 | digit;
    }
    return all < 0 ? -1 : number;
  }

  static String address(String column, String value) throws Refused {
    if (!isPlainAddress(value) && (value.endsWith(">") || !isAddress(value))) {
      throw new Refused(column + " " + shown(value) + " is not an address");
    }
    return value;
  }

  /**
   * A domain says nothing of what may stand before it: where it is known that is asked for alone.
   */
  private static boolean isAddress(String value) {
    int domainAt = value.lastIndexOf('@') + 1;
    String domain = value.substring(domainAt);
    int place = domain.hashCode() & (DOMAINS.length - 1);
    if (domain.equals(DOMAINS[place])) {
      return isJMailAddress(value.substring(0, domainAt) + ANY_DOMAIN);
    }
    boolean isAddress = isJMailAddress(value);
    if (isAddress) {
      DOMAINS[place] = domain; // strings can be shared without care, and a lost one is asked again
    }
    return isAddress;
  }

  /** As JMail has it, asked for the whole. */
  static boolean isJMailAddress(String value) {
    return ADDRESS.isValid(value);
  }

  /**
   * Whether it is one of the common addresses that JMail takes, so that it needs not be asked: at
   * most 64 small letters, digits and separators on either side, a letter or digit on both sides of
   * each separator (of several hyphens, in the domain), and at least two letters behind the last
   * dot.
   */
  static boolean isPlainAddress(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return isPlainAddress(bytes, 0, bytes.length);
  }

  /** Of bytes in UTF-8. */
  static boolean isPlainAddress(byte[] value, int from, int to) {
    int at = from;
    while (at < to && value[at] != '@') {
      at++;
    }
    int dot = to - 1;
    while (dot > at && value[dot] != '.') {
      dot--;
    }
    if (at == from || at - from > 64 || to - at > 65 || dot <= at || to - dot < 3) {
      return false;
    }
    boolean between = false;
    for (int i = from; i < to; i++) {
      byte c = value[i];
      if ((c >= 'a' && c <= 'z') || (i < dot && c >= '0' && c <= '9')) {
        between = true;
      } else if ((between || isHyphenAgain(value, i, at)) && isSeparator(c, i, at, dot)) {
        between = false;
      } else {
        return false;
      }
    }
    return between;
  }

  private static boolean isHyphenAgain(byte[] value, int i, int at) {
    return i > at && value[i] == '-' && value[i - 1] == '-';
  }

  private static boolean isSeparator(byte c, int i, int at, int dot) {
    return switch (c) {
      case '@' -> i == at;
      case '.' -> true;
      case '-' -> i < dot;
      case '_', '+' -> i < at;
      default -> false;
    };
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
    Timestamps.Fault fault = Timestamps.fault(value);
    if (fault == null) {
      return value;
    }
    throw new Refused(
        column
            + " "
            + shown(value)
            + switch (fault) {
              case FORM ->
                  " is not a timestamp; expected date, time and offset such as 2026-11-21"
                      + " 08:30:00+00";
              case NO_SUCH_TIME -> " is not a timestamp: there is no such date or time";
              case OUT_OF_RANGE -> " is outside of what PostgreSQL takes";
            });
  }

  /** Whether it is a number as PostgreSQL would write it, and small enough by its length. */
  static boolean isPlainInteger(byte[] value, int from, int to) {
    int at = value[from] == '-' ? from + 1 : from;
    if (at == to || to - at > 9 || (value[at] == '0' && to - from > 1)) {
      return false;
    }
    for (; at < to; at++) {
      if (value[at] < '0' || value[at] > '9') {
        return false;
      }
    }
    return true;
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
