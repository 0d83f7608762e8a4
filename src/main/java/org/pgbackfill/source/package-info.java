/**
 * A file as numbered records: bytes, lines, RFC 4180 quotes, and where each record stands.
 *
 * <p>Open {@link org.pgbackfill.source.CsvSource} first. OpenCSV lives here only. What a field
 * means is not known here: columns, keys and checks belong to {@code target}, and nothing in here
 * touches a database.
 */
package org.pgbackfill.source;
