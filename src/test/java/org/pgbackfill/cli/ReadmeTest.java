package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What the README shows is what the program prints. */
class ReadmeTest {
  private final String readme;

  ReadmeTest() throws IOException {
    readme = Files.readString(Path.of("README.md"));
  }

  @Test
  void theHelpBlockIsTheHelp() {
    assertEquals(new Cli().run("contacts", "--help").out(), block("<!-- help contacts -->"));
  }

  @Test
  void theTableOfExitStatusesIsComplete() {
    for (ExitStatus status : ExitStatus.values()) {
      assertTrue(readme.contains("\n| " + status.code() + " | "), status::toString);
      assertTrue(
          new Cli().run("--help").out().contains("\n  " + status.code() + "  "), status::toString);
    }
  }

  @Test
  void theDemoPrintsWhatTheReadmeShows() {
    Cli.Result demo = new Cli().run("demo");
    assertEquals(0, demo.status(), demo::toString);
    assertEquals(lasting(block("<!-- demo -->")), lasting(demo.out()), demo::toString);
  }

  /**
   * Without what differs from run to run: times, names made of them, who of the racers came first.
   */
  private static String lasting(String demo) {
    return Arrays.stream(demo.strip().split("\n"))
        .map(line -> line.startsWith("{") ? line.replaceAll("\\d+", "N") : line)
        .map(line -> line.replaceAll("\\d{8}T[0-9.]+Z", "TIME").replaceAll(" in [0-9.]+ s, .*", ""))
        .toList()
        .toString();
  }

  private String block(String mark) {
    int start = readme.indexOf("```\n", readme.indexOf(mark)) + 4;
    return readme.substring(start, readme.indexOf("```", start));
  }
}
