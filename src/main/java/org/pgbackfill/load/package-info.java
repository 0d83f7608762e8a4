/**
 * One chunk into the database. HikariCP and SQL live here.
 *
 * <p>Open {@link org.pgbackfill.load.ChunkLoader} first: it is the never-a-deadlock part, step by
 * step; {@link org.pgbackfill.load.Inserting} and {@link org.pgbackfill.load.Changing} are what it
 * does with a chunk. {@link org.pgbackfill.load.TargetCheck} looks at a table before a load, {@link
 * org.pgbackfill.load.LiveSystem} at the server meanwhile, {@link
 * org.pgbackfill.load.RowComparison} at the rows afterwards. Threads, files and what an operator
 * sees must not enter.
 */
package org.pgbackfill.load;
