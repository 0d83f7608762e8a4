/**
 * What a contact is, what a job is: columns, checks, key and lock order. Pure: no connection, no
 * file, no thread.
 *
 * <p>Open {@link org.pgbackfill.target.Target} first, then {@link
 * org.pgbackfill.target.ContactsTarget}. SQL must not enter: how rows reach a table is {@code
 * load}'s business.
 */
package org.pgbackfill.target;
