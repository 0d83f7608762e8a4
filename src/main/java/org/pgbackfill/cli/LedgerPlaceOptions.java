package org.pgbackfill.cli;

import org.pgbackfill.ledger.LedgerSchema;
import picocli.CommandLine.Option;

/** Where runs are written down. */
final class LedgerPlaceOptions {
  @Option(
      names = "--ledger-schema",
      paramLabel = "NAME",
      defaultValue = LedgerSchema.DEFAULT_NAME,
      order = 26,
      description =
          "The ledger's schema in the target's database; made at first use. Default:"
              + " ${DEFAULT-VALUE}.")
  private String schema;

  @Option(
      names = "--no-ledger",
      order = 27,
      description =
          "Load without a ledger: the run can't be resumed, and two of them don't know of each"
              + " other. Default: with one.")
  private boolean none;

  /** Null for a load without one. */
  String schemaOrNone() {
    return none ? null : schema;
  }
}
