package org.pgbackfill.testkit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes the class-data archive that {@code scripts/pgbackfill} starts with: the classes of a real
 * load, read and checked beforehand, for the JDK that runs this. The build does without it where it
 * can't be made.
 */
public final class ArchiveMaker {
  /** The first JDK that makes an AOT cache in one step (JEP 514); it starts faster with one. */
  private static final int FIRST_WITH_CACHE = 25;

  private static final int LONGEST_SECONDS = 60;

  private static final String FROM_ARCHIVE = "org.pgbackfill.cli.Main source: shared objects file";

  private final Path root;
  private final Path archive;

  /**
   * For a folder with the launcher and what was built.
   *
   * @param root has {@code scripts} and {@code target}
   */
  public ArchiveMaker(Path root) {
    this.root = root.toAbsolutePath();
    this.archive = this.root.resolve("target").resolve("pgbackfill.archive");
  }

  /**
   * Makes it in this folder, if the one that is there does not fit.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try {
      ArchiveMaker maker = new ArchiveMaker(Path.of(""));
      if (!maker.fits()) {
        try (TestServer server = TestServer.start(Map.of())) {
          maker.make(server.database(), Path.of("samples", "contacts.csv"));
        }
      }
    } catch (IOException | RuntimeException e) {
      System.err.println("No class-data archive, starts take longer: " + e);
    }
  }

  /**
   * Whether an archive is there, and is used by this JDK and for this jar. The JVM has no option
   * that asks for it: where only its upper part does not fit, -Xshare:on starts as well.
   */
  public boolean fits() throws IOException {
    Path log = Files.createTempFile("classes-", ".log");
    try {
      int status = launch(log, root, "-Xlog:class+load", null, "--version");
      return status == 0 && Files.readString(log).contains(FROM_ARCHIVE);
    } finally {
      Files.delete(log);
    }
  }

  /**
   * Loads an export, and keeps the classes that it took.
   *
   * @param database without the tables
   * @param export of contacts
   */
  public void make(TestDatabase database, Path export) throws IOException {
    Files.deleteIfExists(archive);
    Path folder = Files.createTempDirectory(archive.getParent(), "archive-");
    try {
      boolean cache = Runtime.version().feature() >= FIRST_WITH_CACHE;
      String option = cache ? "-XX:AOTCacheOutput=made" : "-XX:DumpLoadedClassList=classes";
      String file = export.toAbsolutePath().toString();
      launch(folder.resolve("log"), folder, option, database, "contacts", file, "--create-table");
      if (!cache) {
        dump(folder);
      }
      Files.move(folder.resolve("made"), archive, StandardCopyOption.ATOMIC_MOVE);
      if (!fits()) {
        // A cache can even keep the JVM from starting: with classes of sealed packages, in JDK 25.
        Files.delete(archive);
        throw new IOException("the JVM does not take it");
      }
    } finally {
      delete(folder);
    }
  }

  /**
   * A whole archive and not one on top of the JDK's: with Picocli's classes, which have an old
   * format (JDK-8261090), it takes a tenth off a small load.
   */
  private void dump(Path folder) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xshare:dump",
            "-XX:SharedClassListFile=classes",
            "-XX:SharedArchiveFile=made",
            // Only this collector's heap can be dumped: the JDK's own objects start a JVM quicker.
            "-XX:+UseG1GC",
            "-cp",
            root.resolve("target").resolve("pgbackfill.jar").toString());
    await(
        builder
            .directory(folder.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  private int launch(Path out, Path folder, String option, TestDatabase database, String... words)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(root.resolve("scripts").resolve("pgbackfill").toString());
    command.addAll(List.of(words));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("PGBACKFILL_OPTS", option);
    if (database != null) {
      builder.environment().put("PGHOST", "localhost");
      builder.environment().put("PGPORT", Integer.toString(database.server().port()));
      builder.environment().put("PGUSER", "postgres");
      builder.environment().put("PGDATABASE", database.name());
    }
    return await(builder.start());
  }

  private static int await(Process process) throws IOException {
    try {
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("not made after " + LONGEST_SECONDS + " s");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
