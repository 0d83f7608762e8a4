package org.pgbackfill.chaos;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A kind of load.
 *
 * @param name for people
 * @param command contacts or jobs
 * @param template the database that every load gets a fresh copy of: table, rows that are there
 *     already, a constraint that some records break
 * @param table what it loads into
 * @param files the exports; standard input in place of one is {@code stdin}
 * @param stdin null for none
 * @param idsGiven whether the export brings ids. Then the place of the earlier record is told where
 *     it is known, which depends on the chunks' size.
 */
record Scene(
    String name,
    String command,
    String template,
    String table,
    List<Path> files,
    Path stdin,
    boolean idsGiven) {
  /** The words of the load, without those that say where to and how. */
  List<String> words() {
    List<String> words = new ArrayList<>(List.of(command));
    files.forEach(file -> words.add(file.toString()));
    if (stdin != null) {
      words.add("-");
    }
    return words;
  }
}
