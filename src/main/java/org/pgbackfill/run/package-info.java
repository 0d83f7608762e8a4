/**
 * One run, first record to last: feed, lanes, the order of outcomes, throttles, stop. And what
 * reads an export without loading it: a dry run, a verification.
 *
 * <p>Open {@link org.pgbackfill.run.BackfillRun} first; its {@code try (...)} headers are the
 * shutdown order read backwards, and there is no other shutdown code. {@link
 * org.pgbackfill.run.Restraint} is how it behaves towards the live system, {@link
 * org.pgbackfill.run.DryRun} and {@link org.pgbackfill.run.Verification} are the others to begin
 * with. SQL must not enter, nor what the operator typed.
 */
package org.pgbackfill.run;
