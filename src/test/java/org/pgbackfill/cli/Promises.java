package org.pgbackfill.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Promises in Markdown: each row of a table, each point of a list and each paragraph is one
 * sentence, and ends with a comment that names its tests, such as {@code <!-- test:
 * StopTest.aSignalEndsTheRunResumable -->}.
 */
final class Promises {
  private static final Pattern TESTS = Pattern.compile("<!-- test: (.*?) -->");
  private static final Pattern SENTENCE_BEHIND = Pattern.compile("\\w[.?!] [A-Z`]");

  private Promises() {}

  /** What is wrong with a text, one line for each promise and test; empty where all is well. */
  static List<String> complaints(String text) {
    Map<String, Path> classes = testClasses();
    List<String> complaints = new ArrayList<>();
    for (String promise : promises(text)) {
      Matcher tests = TESTS.matcher(promise);
      if (!tests.find()) {
        complaints.add("no test of: " + promise);
        continue;
      }
      if (SENTENCE_BEHIND.matcher(promise).find()) {
        complaints.add("more than one sentence: " + promise);
      }
      Arrays.stream(tests.group(1).split(", ", -1))
          .filter(name -> !isTest(name, classes))
          .forEach(name -> complaints.add("no test named " + name + ", of: " + promise));
    }
    return complaints;
  }

  /** Each with its lines joined; without headings and the heads of tables. */
  private static List<String> promises(String text) {
    List<String> promises = new ArrayList<>();
    boolean goesOn = false;
    for (String line : text.split("\n", -1)) {
      boolean isRow = line.startsWith("|");
      if (line.isBlank() || line.startsWith("#")) {
        goesOn = false;
      } else if (line.startsWith("|---")) {
        promises.remove(promises.size() - 1); // the row above is the table's head
      } else if (isRow || line.startsWith("- ") || !goesOn) {
        promises.add(line);
        goesOn = !isRow;
      } else {
        promises.add(promises.remove(promises.size() - 1) + " " + line.strip());
      }
    }
    return promises;
  }

  private static boolean isTest(String name, Map<String, Path> classes) {
    int dot = name.indexOf('.');
    Path file = dot < 0 ? null : classes.get(name.substring(0, dot));
    if (file == null) {
      return false;
    }
    try {
      String type = file.toString().replace('/', '.').replaceFirst("\\.class$", "");
      return Arrays.stream(Class.forName(type).getDeclaredMethods())
          .anyMatch(method -> method.getName().equals(name.substring(dot + 1)) && isTest(method));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isTest(Method method) {
    return Stream.of(Test.class, ParameterizedTest.class, RepeatedTest.class)
        .anyMatch(method::isAnnotationPresent);
  }

  /** By their simple names, which are unique. */
  private static Map<String, Path> testClasses() {
    try {
      Path root =
          Path.of(Promises.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      try (Stream<Path> files = Files.walk(root)) {
        return files
            .filter(file -> file.toString().endsWith("Test.class"))
            .map(root::relativize)
            .collect(
                Collectors.toMap(
                    file -> file.getFileName().toString().replaceFirst("\\.class$", ""),
                    file -> file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
