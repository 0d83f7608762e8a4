package org.pgbackfill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Keeps the drawing of the house true:
 *
 * <pre>
 * cli
 *  |
 * run
 *  |
 * report   load
 *  |
 * ledger   target
 *  |
 * source
 * </pre>
 *
 * <p>Imports point down only, neighbours on one level don't see each other, and every large library
 * has one room.
 */
class HouseTest {
  private static final Path MAIN = Path.of("src/main/java");
  private static final String BASE = "org.pgbackfill.";

  /** The higher, the later; packages of one level don't see each other. */
  private static final Map<String, Integer> LEVELS =
      Map.of("source", 0, "ledger", 1, "target", 1, "report", 2, "load", 2, "run", 3, "cli", 4);

  /** Who may see what from outside; what is not named here only the JDK's base may give. */
  private static final Map<String, Set<String>> ROOMS =
      Map.of(
          "picocli.", Set.of("cli"),
          "org.jline.", Set.of("cli"),
          "me.tongfei.", Set.of("report"),
          "com.zaxxer.", Set.of("load"),
          "org.postgresql.", Set.of("load", "ledger"),
          "java.sql.", Set.of("load", "ledger"),
          "com.opencsv.", Set.of("source"),
          "org.apache.commons.compress.", Set.of("source"),
          "com.sanctionco.jmail.", Set.of("target"),
          "com.fasterxml.jackson.", Set.of("target", "load", "report"));

  /** The demo's own server; what the demo loads comes in by the front door. */
  private static final Map<String, String> EXCEPTIONS = Map.of("DemoServer.java", "io.zonky.");

  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");

  /** Imports, and types named in full; comments and texts are taken out before. */
  private static final Pattern NAME = Pattern.compile("(?<![\\w.])((?:[a-z][a-z0-9]*\\.)+)[A-Z*]");

  private static final Pattern COMMENTS_AND_TEXTS =
      Pattern.compile(
          "(?s)/\\*.*?\\*/|//[^\\n"
              + "]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n"
              + "])*\"|'(?:\\\\.|[^'\\\\])+'");

  /** What is wrong with one file, in words. */
  private static List<String> faults(String file, String text) {
    List<String> faults = new ArrayList<>();
    Matcher itself = PACKAGE.matcher(text);
    if (!itself.find() || !itself.group(1).startsWith(BASE)) {
      return List.of(file + " is in no package of the house");
    }
    String room = itself.group(1).substring(BASE.length());
    if (!LEVELS.containsKey(room)) {
      return List.of(file + " is in package " + room + ", which is not in the drawing");
    }
    String code = COMMENTS_AND_TEXTS.matcher(text).replaceAll(" ");
    Matcher names = NAME.matcher(PACKAGE.matcher(code).replaceFirst(""));
    while (names.find()) {
      String name = names.group(1);
      String fault =
          name.startsWith(BASE)
              ? inside(room, name.substring(BASE.length(), name.length() - 1))
              : outside(file, room, name);
      if (fault != null) {
        faults.add(file + " of " + room + " " + fault);
      }
    }
    return faults.stream().distinct().toList();
  }

  private static String inside(String room, String other) {
    Integer level = LEVELS.get(other);
    if (level == null) {
      return "sees " + other + ", which is not in the drawing";
    }
    int own = LEVELS.get(room);
    return other.equals(room) || level < own
        ? null
        : "sees " + other + (level == own ? ", its neighbour" : ", which is above it");
  }

  private static String outside(String file, String room, String name) {
    if (EXCEPTIONS.containsKey(file) && name.startsWith(EXCEPTIONS.get(file))) {
      return null;
    }
    for (Map.Entry<String, Set<String>> library : ROOMS.entrySet()) {
      if (name.startsWith(library.getKey())) {
        return library.getValue().contains(room)
            ? null
            : "sees "
                + library.getKey()
                + "*, which lives in "
                + String.join(", ", library.getValue().stream().sorted().toList());
      }
    }
    // A single word may be a variable with a constant behind it.
    boolean known = name.startsWith("java.") || name.indexOf('.') == name.length() - 1;
    return known ? null : "sees " + name + "*, which lives nowhere yet";
  }

  private static Map<Path, String> files() throws IOException {
    try (Stream<Path> all = Files.walk(MAIN)) {
      return all.filter(path -> path.toString().endsWith(".java"))
          .collect(Collectors.toMap(path -> path, HouseTest::read, (a, b) -> a, TreeMap::new));
    }
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void importsPointDownAndLibrariesStayInTheirRooms() throws IOException {
    List<String> faults = new ArrayList<>();
    files().forEach((path, text) -> faults.addAll(faults(path.getFileName().toString(), text)));
    assertEquals(List.of(), faults);
  }

  @Test
  void houseHasItsSevenPackagesEachWithItsMeaning() throws IOException {
    Map<Path, String> files = files();
    Set<Path> folders = files.keySet().stream().map(Path::getParent).collect(Collectors.toSet());
    Set<Path> drawn =
        LEVELS.keySet().stream()
            .map(room -> MAIN.resolve(BASE.replace('.', '/')).resolve(room))
            .collect(Collectors.toSet());
    assertEquals(drawn, folders);
    for (Path folder : drawn) {
      String info = files.get(folder.resolve("package-info.java"));
      assertTrue(info != null, () -> folder + " has no package-info.java");
      String meaning = info.replaceAll("\\s*\n \\*\\s*", " ");
      assertTrue(meaning.contains("Open {@link "), () -> folder + " does not say where to begin");
    }
  }

  @Test
  void everyLibraryOfTheDrawingIsUsedWhereItLives() throws IOException {
    // A room that nobody enters would guard against nothing.
    String all =
        files().values().stream()
            .map(text -> COMMENTS_AND_TEXTS.matcher(text).replaceAll(" "))
            .collect(Collectors.joining());
    assertEquals(
        List.of(), ROOMS.keySet().stream().filter(library -> !all.contains(library)).toList());
  }

  /** Control: made-up files that break each of the rules are reported. */
  @Test
  void faultsAreSeen() {
    assertEquals(
        List.of("A.java of source sees cli, which is above it"),
        faults("A.java", "package org.pgbackfill.source;\nimport org.pgbackfill.cli.Main;\n"));
    assertEquals(
        List.of("A.java of report sees load, its neighbour"),
        faults("A.java", "package org.pgbackfill.report;\nimport org.pgbackfill.load.Chunk;\n"));
    assertEquals(
        List.of("A.java of target sees ledger, its neighbour"),
        faults(
            "A.java",
            """
            package org.pgbackfill.target;
            import static org.pgbackfill.ledger.Outcome.inserted;
            """));
    assertEquals(
        List.of("A.java of ledger sees source.detail, which is not in the drawing"),
        faults(
            "A.java", "package org.pgbackfill.ledger;\nimport org.pgbackfill.source.detail.*;\n"));
    assertEquals(
        List.of("A.java of target sees java.sql.*, which lives in ledger, load"),
        faults("A.java", "package org.pgbackfill.target;\nimport java.sql.Connection;\n"));
    assertEquals(
        List.of("A.java of run sees picocli.*, which lives in cli"),
        faults("A.java", "package org.pgbackfill.run;\nimport picocli.CommandLine.Option;\n"));
    assertEquals(
        List.of("A.java of run sees com.zaxxer.*, which lives in load"),
        faults(
            "A.java",
            "package org.pgbackfill.run;\nclass A { com.zaxxer.hikari.HikariConfig c; }\n"));
    assertEquals(
        List.of("A.java of load sees com.google.common.collect.*, which lives nowhere yet"),
        faults("A.java", "package org.pgbackfill.load;\nimport com.google.common.collect.*;\n"));
    assertEquals(
        List.of("A.java of cli sees io.zonky.test.db.*, which lives nowhere yet"),
        faults("A.java", "package org.pgbackfill.cli;\nimport io.zonky.test.db.X;\n"));
    assertEquals(
        List.of("A.java is in package util, which is not in the drawing"),
        faults("A.java", "package org.pgbackfill.util;\n"));
    assertEquals(
        List.of("A.java is in no package of the house"), faults("A.java", "package org.other;\n"));
  }

  /** Control: what only looks like an import is none. */
  @Test
  void commentsAndTextsAreNoImports() {
    assertEquals(
        List.of(),
        faults(
            "A.java",
            """
            package org.pgbackfill.source;
            /** See {@link org.pgbackfill.cli.Main}. */
            class A {
              // org.pgbackfill.run.BackfillRun
              String a = "org.pgbackfill.load.Chunk \\" java.sql.Connection";
              char quote = '"';
              org.pgbackfill.source.SourceFile file;
              java.util.List<java.nio.file.Path> paths;
            }
            """));
  }
}
