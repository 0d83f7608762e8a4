package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.testkit.ArchiveMaker;
import org.pgbackfill.testkit.TestServer;

/** The launcher starts with the class-data archive where it fits, and without a word where not. */
class LauncherTest {
  @TempDir static Path folder;
  private static Path root;
  private static Path jar;
  private static Path archive;
  private static Path kept;

  @BeforeAll
  static void buildElsewhere() throws IOException {
    root = Files.createDirectories(folder.resolve("built"));
    Path target = Files.createDirectories(root.resolve("target"));
    Files.createDirectories(root.resolve("scripts"));
    Files.copy(Path.of("scripts", "pgbackfill"), root.resolve("scripts").resolve("pgbackfill"));
    jar = target.resolve("pgbackfill.jar");
    Files.copy(Path.of("target", "pgbackfill.jar"), jar);
    Files.createSymbolicLink(target.resolve("lib"), Path.of("target", "lib").toAbsolutePath());
    archive = target.resolve("pgbackfill.archive");
    kept = folder.resolve("kept.archive");
    new ArchiveMaker(root)
        .make(TestServer.shared().database(), Path.of("samples", "contacts-more.csv.gz"));
    Files.copy(archive, kept);
  }

  private FileTime jarTime;

  @BeforeEach
  void remember() throws IOException {
    jarTime = Files.getLastModifiedTime(jar);
    Files.deleteIfExists(archive);
    Files.copy(kept, archive);
  }

  @AfterEach
  void restore() throws IOException {
    Files.setLastModifiedTime(jar, jarTime);
  }

  private static Cli.Result start(Path root) throws Exception {
    return start(root, "", "--version");
  }

  private static Cli.Result start(Path root, String options, String... words) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(
                Stream.concat(
                        Stream.of(root.resolve("scripts").resolve("pgbackfill").toString()),
                        Stream.of(words))
                    .toList())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("PGBACKFILL_OPTS", options);
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
    } finally {
      process.destroyForcibly();
    }
    return new Cli.Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static void assertStartsQuietly(Path root) throws Exception {
    Cli.Result result = start(root);
    assertEquals(0, result.status(), result::toString);
    assertTrue(result.out().matches("pgbackfill \\S+\\R"), result::toString);
    assertEquals("", result.err());
  }

  @Test
  void archiveOfTheBuildIsUsed() throws Exception {
    assertStartsQuietly(root);
    assertTrue(new ArchiveMaker(root).fits());
  }

  /** A core is left to others; the control is the same command without a limit. */
  @Test
  void whereTheRateIsLimitedCodeIsCompiledWhenItIsNeeded() throws Exception {
    for (String limit : List.of("--max-rate=5", "--max-rate 5")) {
      assertFalse(compilesBeside(("contacts a.csv " + limit + " --help").split(" ")), limit);
    }
    assertTrue(compilesBeside("contacts", "a.csv", "--max-rejects", "5", "--help"));
  }

  private static boolean compilesBeside(String... words) throws Exception {
    Cli.Result result = start(root, "-XX:+PrintFlagsFinal", words);
    assertEquals(0, result.status(), result::toString);
    Matcher flag = Pattern.compile(" BackgroundCompilation += (true|false)").matcher(result.out());
    assertTrue(flag.find(), result::toString);
    return Boolean.parseBoolean(flag.group(1));
  }

  @Test
  void startsWithoutArchive() throws Exception {
    Files.delete(archive);
    assertStartsQuietly(root);
    assertFalse(new ArchiveMaker(root).fits());
  }

  @Test
  void startsWithAnArchiveOfSomethingElse() throws Exception {
    Files.delete(archive);
    Files.writeString(archive, "not an archive of this JDK ".repeat(1_000));
    assertStartsQuietly(root);
    assertFalse(new ArchiveMaker(root).fits());
  }

  @Test
  void startsAfterTheJarWasMadeAnew() throws Exception {
    Files.setLastModifiedTime(jar, FileTime.from(Instant.parse("2026-01-02T03:04:05Z")));
    assertStartsQuietly(root);
    assertFalse(new ArchiveMaker(root).fits());
  }

  @Test
  void startsInAFolderThatWasMoved() throws Exception {
    Path elsewhere = folder.resolve("else where");
    Files.move(root, elsewhere);
    try {
      assertStartsQuietly(elsewhere);
    } finally {
      Files.move(elsewhere, root);
    }
  }
}
