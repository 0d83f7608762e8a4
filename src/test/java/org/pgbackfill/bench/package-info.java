/**
 * Contestants for {@code scripts/bench}: how such loads are commonly written. They share nothing
 * with the loader. Open {@link org.pgbackfill.bench.DoUpdate} first; {@link
 * org.pgbackfill.bench.Foreground} is the traffic that such loads are a trouble to.
 */
package org.pgbackfill.bench;
