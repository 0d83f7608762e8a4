package org.pgbackfill.target;

import java.util.Arrays;
import java.util.UUID;

/**
 * The links that came last, by their text: many contacts have one, which then need not be read
 * digit by digit, and is one object for all of them. Safe between threads: what one loses to
 * another is only read again.
 */
final class Links {
  /** With 100 bytes for each; an export of more links has fewer contacts to each. */
  private static final int MOST = 4096;

  /**
   * Of the text, from where its hash is: what grows with time in a uuid is at one of the places.
   */
  private static final int HASHED = 4;

  private static final class Link {
    private final byte[] text;
    private final UUID id;

    Link(byte[] text, UUID id) {
      this.text = text;
      this.id = id;
    }
  }

  private final Link[] links = new Link[MOST];

  /**
   * Reads a link, or knows it.
   *
   * @param text in UTF-8
   * @param from where it starts
   * @param to behind its last byte
   * @return null when it is no uuid, or one in braces
   */
  UUID get(byte[] text, int from, int to) {
    if (to - from < 2 * HASHED) {
      return null;
    }
    int place = (31 * hash(text, from + HASHED) + hash(text, to - HASHED)) & (MOST - 1);
    Link before = links[place];
    if (before != null && Arrays.equals(before.text, 0, before.text.length, text, from, to)) {
      return before.id;
    }
    UUID id = Checks.parseUuid(text, from, to);
    if (id != null) {
      links[place] = new Link(Arrays.copyOfRange(text, from, to), id);
    }
    return id;
  }

  private static int hash(byte[] text, int at) {
    return 29_791 * text[at] + 961 * text[at + 1] + 31 * text[at + 2] + text[at + 3];
  }
}
