package org.pgbackfill.run;

import java.math.BigDecimal;

/**
 * How many rejects a run puts up with.
 *
 * @param count a number of records, or of hundredths
 * @param unit which of them
 */
public record RejectLimit(double count, Unit unit) {
  /** What a limit counts. */
  public enum Unit {
    /** No limit, and any reject is worth telling by the exit status. */
    NONE,
    /** Records. */
    RECORDS,
    /** Hundredths of the records read. */
    PERCENT
  }

  /** Below so many records a percentage says nothing yet; at the end it counts all the same. */
  private static final long SMALLEST_SAMPLE = 1_000;

  /** No limit was given. */
  public static final RejectLimit UNLIMITED = new RejectLimit(0, Unit.NONE);

  /**
   * Reads an option's value.
   *
   * @param text {@code 10} or {@code 0.5%}
   * @return the limit
   * @throws IllegalArgumentException when it is neither
   */
  public static RejectLimit parse(String text) {
    boolean percent = text.endsWith("%");
    try {
      double count =
          percent ? Double.parseDouble(text.substring(0, text.length() - 1)) : Long.parseLong(text);
      if (count >= 0 && (!percent || count <= 100)) {
        return new RejectLimit(count, percent ? Unit.PERCENT : Unit.RECORDS);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "\""
            + text
            + "\" is not a limit of rejects; expected a number such as 10, or a percentage such as"
            + " 0.5%");
  }

  /** Whether the run should stop here. */
  boolean isPassed(long rejected, long read) {
    return (unit != Unit.PERCENT || read >= SMALLEST_SAMPLE) && isPassedAtEnd(rejected, read);
  }

  /** Whether the run, now at its end, had too many. */
  boolean isPassedAtEnd(long rejected, long read) {
    return switch (unit) {
      case NONE -> false;
      case RECORDS -> rejected > count;
      case PERCENT -> rejected * 100.0 > count * read;
    };
  }

  /**
   * Whether rejects are expected, up to the limit.
   *
   * @return true when a limit was given
   */
  public boolean allowsSome() {
    return unit != Unit.NONE;
  }

  @Override
  public String toString() {
    String number = BigDecimal.valueOf(count).stripTrailingZeros().toPlainString();
    return unit == Unit.PERCENT ? number + "%" : number;
  }
}
