package org.pgbackfill.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.pgbackfill.testkit.TestDatabase;

/** The packaged program as a process of its own, to be signalled, stopped and killed. */
final class Tool implements AutoCloseable {
  private final Process process;
  private final Path out;
  private final Path err;

  private Tool(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts it in a folder of its own. */
  static Tool start(TestDatabase database, Path folder, Object... args) {
    try {
      Path out = Files.createTempFile(folder, "tool", ".out");
      Path err = Files.createTempFile(folder, "tool", ".err");
      List<String> words =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-jar",
                  Path.of("target", "pgbackfill.jar").toAbsolutePath().toString()));
      for (Object arg : args) {
        words.add(arg.toString());
      }
      ProcessBuilder builder =
          new ProcessBuilder(words)
              .directory(folder.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
      builder.environment().put("PGHOST", "localhost");
      builder.environment().put("PGPORT", Integer.toString(database.server().port()));
      builder.environment().put("PGUSER", "postgres");
      builder.environment().put("PGDATABASE", database.name());
      return new Tool(builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isDone() {
    return !process.isAlive();
  }

  /** Sends a signal, such as INT. */
  Tool signal(String name) {
    try {
      int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
      if (status != 0 && process.isAlive()) {
        throw new AssertionError("kill -" + name + " " + pid() + ": " + status + "\n" + this);
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Waits for the end; how it went. */
  Cli.Result await() {
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new AssertionError("still there after 60 s\n" + this);
      }
      return new Cli.Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public String toString() {
    try {
      return Files.readString(out) + Files.readString(err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
