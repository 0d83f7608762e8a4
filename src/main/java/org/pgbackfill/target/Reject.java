package org.pgbackfill.target;

import java.util.Objects;
import org.pgbackfill.source.CsvRecord;

/**
 * A record refused, kept with its reason.
 *
 * @param record what was refused
 * @param reason what was found and what was expected, without file and line
 */
public record Reject(CsvRecord record, String reason) implements Checked {
  /** Refuses null. */
  public Reject {
    Objects.requireNonNull(record);
    Objects.requireNonNull(reason);
  }

  @Override
  public String shownKey() {
    return "";
  }
}
