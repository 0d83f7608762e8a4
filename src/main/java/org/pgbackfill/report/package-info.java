/**
 * Counts, progress, reject and outcome files, the summary: what the operator sees. Progressbar
 * lives here only.
 *
 * <p>Open {@link org.pgbackfill.report.Reports} first. What is loaded and how must not enter.
 */
package org.pgbackfill.report;
