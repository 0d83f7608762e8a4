/**
 * One run, first record to last: feed, lanes, the order of outcomes, stop.
 *
 * <p>Open {@link org.pgbackfill.run.BackfillRun} first; its {@code try (...)} header is the
 * shutdown order read backwards, and there is no other shutdown code. SQL must not enter, nor what
 * the operator typed.
 */
package org.pgbackfill.run;
