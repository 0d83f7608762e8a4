/**
 * Which records of which run are in, and how they went.
 *
 * <p>Open {@link org.pgbackfill.ledger.RunIds} first: ids derived from the run and the record are
 * what makes a run's rows recognisable. Threads, files and the target's tables must not enter.
 */
package org.pgbackfill.ledger;
