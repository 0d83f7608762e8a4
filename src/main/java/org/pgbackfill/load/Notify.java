package org.pgbackfill.load;

/** When the queue's workers are told of new jobs. */
public enum Notify {
  /** Once for each queue in each chunk that inserted something, with the chunk's commit. */
  CHUNK,
  /** Once for each queue at the end of the run. */
  END,
  /** Never: workers find the jobs when they poll. */
  OFF
}
