/**
 * What the operator types, and what the shell gets back. Picocli lives here only.
 *
 * <p>Open {@link org.pgbackfill.cli.LoadCommand} first. What a run does must not enter: a command
 * makes a plan, and says how it went.
 */
package org.pgbackfill.cli;
