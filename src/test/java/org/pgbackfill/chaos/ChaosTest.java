package org.pgbackfill.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short {@code scripts/chaos}, with its controls. */
@Tag("database")
class ChaosTest {
  @Test
  void nothingIsLostAndNothingIsTwiceWhereTheToolAndTheServerAreKilled(@TempDir Path folder) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<String> faults;
    try (Chaos chaos =
        new Chaos(
            new Chaos.Plan(1, 4, 2, 1_000, 2),
            folder,
            new PrintStream(out, true, StandardCharsets.UTF_8))) {
      faults = chaos.run();
    }
    assertEquals(List.of(), faults, () -> out.toString(StandardCharsets.UTF_8));
  }
}
