/**
 * Kills the tool and the server in the middle of loading, and compares what comes of it with an
 * undisturbed load. Open {@link org.pgbackfill.chaos.Chaos} first; {@code scripts/chaos} starts it.
 * The tool runs as processes of its own, by its launcher; nothing here looks inside of it but for
 * the layout of its ids and its ledger's tables.
 */
package org.pgbackfill.chaos;
