package org.pgbackfill.load;

/** A figure of the live server that a load can be held by. */
public enum Gauge {
  /** How far the slowest replica that is connected is behind, in milliseconds. */
  LAG,
  /** Sessions of others that are at work, in all databases of the server. */
  ACTIVE,
  /** Sessions of others that have been waiting behind a lock of this run for more than a moment. */
  LOCK_WAITERS,
  /** WAL files that wait to be archived. */
  WAL_BACKLOG
}
