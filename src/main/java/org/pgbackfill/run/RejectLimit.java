package org.pgbackfill.run;

import java.math.BigDecimal;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;

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

  /** Stops the run where it has too many. */
  void check(Counts counts, Stop stop) {
    if (unit != Unit.PERCENT || counts.seen() >= SMALLEST_SAMPLE) {
      checkAtEnd(counts, stop);
    }
  }

  /** Stops the run, which is at its end, where it had too many. */
  void checkAtEnd(Counts counts, Stop stop) {
    long rejected = counts.of(Outcome.Kind.REJECTED);
    boolean passed =
        switch (unit) {
          case NONE -> false;
          case RECORDS -> rejected > count;
          case PERCENT -> rejected * 100.0 > count * counts.seen();
        };
    if (passed) {
      stop.request(Stop.Reason.REJECT_LIMIT);
    }
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
