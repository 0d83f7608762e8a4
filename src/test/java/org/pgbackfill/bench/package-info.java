/**
 * Contestants for {@code scripts/bench}: how such loads are commonly written. They share nothing
 * with the loader. Open {@link org.pgbackfill.bench.DoUpdate} first.
 */
package org.pgbackfill.bench;
