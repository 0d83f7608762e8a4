package org.pgbackfill.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

/** Keys whose order depends on who compares: by bytes, by UTF-16 units, by a language's rules. */
public final class Keys {
  /**
   * Surrogate pairs sort below U+E000 to U+FFFF as UTF-16 units and above them as bytes; a language
   * puts ä beside a and capitals beside small letters, bytes do not.
   */
  private static final List<String> PIECES =
      List.of(
          "a",
          "b",
          "z",
          "0",
          "9",
          "-",
          "_",
          "ä",
          "ß",
          "é",
          "ö",
          "ж",
          "я",
          "ا",
          "あ",
          "同",
          "한",
          "\uE000",
          "\uF8FF",
          "\uFB00",
          "\uFF41",
          "\uFF5A",
          "😀",
          "𝒶",
          "𠮷",
          "\uDBFF\uDFFD");

  /** No mailbox has these, or none in lower case. */
  private static final List<String> MORE_PIECES =
      List.of("A", "B", "Z", "Ä", "Ж", " ", "~", "/", "\"", ",", "e\u0301", "\uFFFD", "\u0001");

  private Keys() {}

  /** Any text: what a job's unique key may be. */
  public static List<String> texts(int count, long seed) {
    Random random = new Random(seed);
    Set<String> texts = new LinkedHashSet<>();
    while (texts.size() < count) {
      StringBuilder text = new StringBuilder(piece(random));
      for (int i = random.nextInt(6); i > 0; i--) {
        text.append(piece(random));
      }
      texts.add(text.toString());
    }
    return List.copyOf(texts);
  }

  private static String piece(Random random) {
    int number = random.nextInt(PIECES.size() + MORE_PIECES.size());
    return number < PIECES.size() ? PIECES.get(number) : MORE_PIECES.get(number - PIECES.size());
  }

  /** Addresses in lower case. */
  public static List<String> addresses(int count, long seed) {
    Random random = new Random(seed);
    Set<String> addresses = new LinkedHashSet<>();
    while (addresses.size() < count) {
      StringBuilder address = new StringBuilder();
      for (int i = random.nextInt(6); i >= 0; i--) {
        address.append(PIECES.get(random.nextInt(PIECES.size())));
      }
      addresses.add(address + "@example.com");
    }
    return List.copyOf(addresses);
  }

  /** Random ones, so that half of them have the sign bit in each of their halves. */
  public static List<UUID> uuids(int count, long seed) {
    Random random = new Random(seed);
    Set<UUID> uuids = new LinkedHashSet<>();
    while (uuids.size() < count) {
      uuids.add(new UUID(random.nextLong(), random.nextLong()));
      // the same first half, so that the second decides
      uuids.add(new UUID(7, random.nextLong()));
    }
    return List.copyOf(uuids).subList(0, count);
  }

  /** Compares as {@code text COLLATE "C"} does in a UTF-8 database: by bytes. */
  public static int compareTexts(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }
}
