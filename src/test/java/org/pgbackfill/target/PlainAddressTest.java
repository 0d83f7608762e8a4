package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sanctionco.jmail.JMail;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quick way past JMail takes nothing that JMail would not take. */
class PlainAddressTest {
  private static final String[] PARTS = {
    "a",
    "b7",
    "0",
    "com",
    "x1",
    "org",
    "a",
    "net",
    ".",
    ".",
    ".",
    "-",
    "--",
    "xn--",
    "_",
    "+",
    "@",
    "A",
    "<",
    "a".repeat(31)
  };

  @Test
  void whatItTakesJMailTakes() {
    Random random = new Random(6);
    int taken = 0;
    for (int i = 0; i < 1_000_000; i++) {
      String address = parts(random) + "@" + parts(random);
      if (Checks.isPlainAddress(address)) {
        assertTrue(JMail.isValid(address), address);
        taken++;
      }
    }
    assertTrue(taken > 1_000, taken + " taken: the test says nothing");
  }

  private static String parts(Random random) {
    StringBuilder text = new StringBuilder();
    for (int parts = 1 + random.nextInt(5); parts > 0; parts--) {
      text.append(PARTS[random.nextInt(PARTS.length)]);
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ann@example.com",
        "a.b+c_d-e@mail-1.example.co.uk",
        "1@2.com",
        "a@xn--bcher-kva.example"
      })
  void theCommonOnesAreTaken(String address) {
    assertTrue(Checks.isPlainAddress(address));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "a@b",
        "a.b",
        "@b.com",
        "a@@b.com",
        "a..b@c.com",
        "a@b.c0m",
        "A@b.com",
        "a@-b.com",
        "a--b@c.com",
        "a@b--.com"
      })
  void theOthersAreLeftToJMail(String address) {
    assertFalse(Checks.isPlainAddress(address));
  }
}
