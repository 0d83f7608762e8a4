/**
 * What tests share: exports made from a seed, and the files under {@code samples/}. Open {@link
 * org.pgbackfill.testkit.ExportGenerator} first. Nothing here knows how the tool reads or loads; so
 * what is generated can contradict it.
 */
package org.pgbackfill.testkit;
