/**
 * One chunk into the database. HikariCP and SQL live here.
 *
 * <p>Open {@link org.pgbackfill.load.ChunkLoader} first: it is the never-a-deadlock part, step by
 * step; {@link org.pgbackfill.load.Inserting} and {@link org.pgbackfill.load.Changing} are what it
 * does with a chunk. Threads, files and what an operator sees must not enter.
 */
package org.pgbackfill.load;
