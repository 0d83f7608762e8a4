package org.pgbackfill.testkit;

/** Fields as RFC 4180 wants them. */
final class Csv {
  private Csv() {}

  /** When to put quotes around a field. */
  enum Quotes {
    /** always, as some exporters do */
    ALWAYS,
    /** only where the field would not be read back without */
    WHERE_NEEDED
  }

  static void append(StringBuilder out, String value, Quotes quotes) {
    if (quotes == Quotes.WHERE_NEEDED && !needsQuotes(value)) {
      out.append(value);
      return;
    }
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"') {
        out.append('"');
      }
      out.append(c);
    }
    out.append('"');
  }

  private static boolean needsQuotes(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == ',' || c == '\n' || c == '\r') {
        return true;
      }
    }
    return false;
  }
}
