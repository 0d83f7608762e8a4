package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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

  @Test
  void everyPromiseHasItsTest() {
    assertEquals(List.of(), Promises.complaints(section("Can I just run it again?")));
  }

  /** The control: what has no test, or a test that is not there, shows. */
  @Test
  void aPromiseWithoutATestShows() {
    assertEquals(
        List.of(
            "no test of: | it sinks | it is lifted |",
            "no test of: - It flies.",
            "no test named ReadmeTest.itSwims, of: - It swims. <!-- test: ReadmeTest.itSwims -->",
            "more than one sentence: It runs. It walks."
                + " <!-- test: ReadmeTest.aPromiseWithoutATestShows -->"),
        Promises.complaints(
            """
            ## Promises

            | fault | what it does |
            |---|---|
            | it sinks | it is lifted |
            | it burns | it is put out <!-- test: ReadmeTest.everyPromiseHasItsTest --> |

            - It flies.
            - It swims. <!-- test: ReadmeTest.itSwims -->
            - It reads what it
              has.
              <!-- test: ReadmeTest.aPromiseWithoutATestShows -->

            It runs. It walks. <!-- test: ReadmeTest.aPromiseWithoutATestShows -->
            """));
  }

  private String section(String title) {
    int start = readme.indexOf("## " + title);
    return readme.substring(start, readme.indexOf("\n## ", start));
  }

  /**
   * Without what differs from run to run: times, names made of them, who of the racers came first,
   * what the server wrote.
   */
  private static String lasting(String demo) {
    return Arrays.stream(demo.strip().split("\n"))
        .map(line -> line.startsWith("{") ? line.replaceAll("[0-9]+(\\.[0-9]+)?|null", "N") : line)
        .map(line -> line.replaceAll("\\d{8}T[0-9.]+Z", "TIME").replaceAll(" in [0-9.]+ s, .*", ""))
        .map(line -> line.replaceAll("WAL of the whole server [0-9.]+ MB", "WAL"))
        // A short run may be over before the first look.
        .map(line -> line.replaceAll("waiters (0|unknown), replica lag (0.0 s|unknown)", "LOOK"))
        .toList()
        .toString();
  }

  private String block(String mark) {
    int start = readme.indexOf("```\n", readme.indexOf(mark)) + 4;
    return readme.substring(start, readme.indexOf("```", start));
  }
}
