/**
 * Which records of which run are in, and how they went.
 *
 * <p>Open {@link org.pgbackfill.ledger.Ledger} first, and for how a run is begun, resumed or
 * refused {@code Decision}. Then {@link org.pgbackfill.ledger.Holding}: its marks, its lease and
 * the one thread that keeps it, its end. The target's tables and what an operator sees must not
 * enter.
 */
package org.pgbackfill.ledger;
