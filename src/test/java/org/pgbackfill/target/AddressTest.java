package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** An address whose domain is known is judged as JMail would judge the whole. */
class AddressTest {
  private static final String[] LOCAL_PARTS = {
    "a",
    "B7",
    "é",
    "用户",
    "😀",
    ".",
    "..",
    "-",
    "+",
    "'",
    "@",
    "\"",
    "\"a b\"",
    "\\",
    "(",
    ")",
    "(c)",
    "<",
    ">",
    "[",
    ":",
    ",",
    ";",
    " ",
    "\t",
    "\u0007",
    "a".repeat(31),
    "é".repeat(33)
  };

  private static final String[] DOMAINS = {
    "例子.公司",
    "пример.испытание",
    "bücher.example",
    "Example.COM",
    "localhost",
    "[192.0.2.7]",
    "[IPv6:2001:db8::1]",
    "é".repeat(50) + ".example",
    "b_c.example",
    "-b.example",
    "b..example",
    "(c)b.example",
    "b.example(c)",
    "b.example>",
    "例子.公司>",
    "é".repeat(64) + ".example",
    " b.example",
    "b.example ",
    ""
  };

  @Test
  void isWhatJMailSaysOfTheWhole() {
    Random random = new Random(8);
    int[] seen = new int[2];
    for (int i = 0; i < 300_000; i++) {
      String address = localPart(random) + "@" + DOMAINS[random.nextInt(DOMAINS.length)];
      boolean expected = !address.endsWith(">") && Checks.isJMailAddress(address);
      assertEquals(expected, isAddress(address), address);
      seen[expected ? 1 : 0]++;
    }
    assertTrue(seen[0] > 10_000 && seen[1] > 10_000, "one answer alone: the test says nothing");
  }

  /** Control: that the domain is good does not make the address good. */
  @Test
  void aKnownDomainIsNotEnough() {
    assertTrue(isAddress("josé@例子.公司"));
    for (String local : new String[] {"", "a b", "a@b", "(c)a", "a".repeat(65), "\"a"}) {
      assertEquals(false, isAddress(local + "@例子.公司"), local);
    }
  }

  private static boolean isAddress(String address) {
    try {
      var unused = Checks.address("email_address", address);
      return true;
    } catch (Checks.Refused e) {
      return false;
    }
  }

  private static String localPart(Random random) {
    StringBuilder text = new StringBuilder();
    for (int parts = random.nextInt(4); parts >= 0; parts--) {
      text.append(LOCAL_PARTS[random.nextInt(LOCAL_PARTS.length)]);
    }
    return text.toString();
  }
}
