package org.pgbackfill.source;

/**
 * Where a record ends, by the quotes of RFC 4180, section 2: a quoted field starts with a quote
 * right after a separator and ends with a quote right before one; a quote inside is doubled. What a
 * record's fields are is OpenCSV's decision; this only finds the lines that belong together, and
 * refuses what RFC 4180 does not allow.
 */
final class Quotes {
  /** Where the reading stands after some text. */
  enum State {
    /** The record is complete. */
    COMPLETE,
    /** Inside a quoted field: the record goes on in the next line. */
    OPEN,
    /** A quote inside a field that did not start with one. */
    STRAY,
    /** A quoted field's end, and then something else than a separator. */
    TRAILING
  }

  private Quotes() {}

  /**
   * Reads one line on.
   *
   * @param line without its line break
   * @param open whether the line starts inside a quoted field
   */
  static State scan(String line, boolean open) {
    int at = open ? 0 : nextQuotedField(line, 0);
    while (at >= 0) {
      int end = closingQuote(line, at);
      if (end < 0) {
        return State.OPEN;
      }
      if (end + 1 == line.length()) {
        return State.COMPLETE;
      }
      if (line.charAt(end + 1) != ',') {
        return State.TRAILING;
      }
      at = nextQuotedField(line, end + 2);
    }
    return at == NONE ? State.COMPLETE : State.STRAY;
  }

  /**
   * How many fields a record has. OpenCSV is asked for them only where this is the header's number:
   * it looks for the next quote once for each field, which takes hours for a line of a million
   * commas with a quote at its end.
   *
   * @param record complete
   */
  static int fields(String record) {
    int fields = 1;
    boolean quoted = false;
    for (int i = 0; i < record.length(); i++) {
      char c = record.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields++;
      }
    }
    return fields;
  }

  private static final int NONE = -1;
  private static final int STRAY = -2;

  /**
   * The index behind the next opening quote, NONE, or STRAY when a quote stands where no field
   * starts.
   */
  private static int nextQuotedField(String line, int from) {
    int quote = line.indexOf('"', from);
    if (quote < 0) {
      return NONE;
    }
    return quote == from || line.charAt(quote - 1) == ',' ? quote + 1 : STRAY;
  }

  private static int closingQuote(String line, int from) {
    int quote = line.indexOf('"', from);
    while (quote >= 0 && quote + 1 < line.length() && line.charAt(quote + 1) == '"') {
      quote = line.indexOf('"', quote + 2);
    }
    return quote;
  }
}
