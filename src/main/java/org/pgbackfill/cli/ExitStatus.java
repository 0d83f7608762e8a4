package org.pgbackfill.cli;

/** What the shell gets back. The README has the same table. */
enum ExitStatus {
  /** Every record is in, or was. */
  LOADED(0),
  /** It could not go on. */
  FAILED(1),
  /** The command line does not make sense. */
  USAGE(2),
  /** Everything good is in, and some records were refused. */
  REJECTS(3),
  /** Stopped by the reject limit. */
  REJECT_LIMIT(4),
  /** Asked to stop. */
  INTERRUPTED(5),
  /** A verification has found something missing, or other values. */
  NOT_ALL_THERE(6),
  /** Another process is at work on the same run (EX_TEMPFAIL of sysexits.h: try again later). */
  BUSY(75);

  private final int code;

  ExitStatus(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
