package org.pgbackfill.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The tool as a process of its own, started as an operator starts it. For one thread. */
final class Tool implements AutoCloseable {
  /** No run here takes a tenth of it. */
  private static final Duration LONGEST = Duration.ofSeconds(150);

  private static final Path LAUNCHER = Path.of("scripts", "pgbackfill").toAbsolutePath();

  /**
   * How a process ended by itself.
   *
   * @param status its exit status
   * @param out its standard output
   * @param err its standard error
   * @param elapsed how long it lived
   */
  record Ended(int status, String out, String err, Duration elapsed) {
    /** The text behind a field of the JSON summary; {@code null} as a word. */
    String field(String field) {
      int start = out.indexOf("\"" + field + "\":");
      if (start < 0) {
        throw new ChaosException("no field " + field + " in what the tool says: " + this);
      }
      String rest = out.substring(start + field.length() + 3);
      return rest.startsWith("\"")
          ? rest.substring(1, rest.indexOf('"', 1))
          : rest.split("[,}]", 2)[0];
    }

    boolean loaded() {
      return status == 0 || status == 3;
    }

    @Override
    public String toString() {
      return "exit status " + status + "\n" + out + err;
    }
  }

  private final Process process;
  private final Path out;
  private final Path err;
  private final long start = System.nanoTime();

  private Tool(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts it.
   *
   * @param words of the command line
   * @param stdin null for nothing
   * @param folder where it runs
   */
  static Tool start(List<String> words, Path stdin, Path folder) {
    List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    return start(builder, stdin, folder);
  }

  /** Starts it by a line for the shell, as the tool itself prints it. */
  static Tool startByLine(String line, Path folder) {
    String launched = "exec " + LAUNCHER + line.substring("pgbackfill".length());
    return start(new ProcessBuilder("sh", "-c", launched), null, folder);
  }

  private static Tool start(ProcessBuilder builder, Path stdin, Path folder) {
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    try {
      Process process =
          builder
              .directory(folder.toFile())
              .redirectInput(stdin == null ? Redirect.PIPE : Redirect.from(stdin.toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      return new Tool(process, out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits a little; false when it has ended before. */
  boolean livesFor(Duration time) {
    try {
      return !process.waitFor(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** SIGKILL; false when it had ended by itself. */
  boolean kill() {
    if (!process.isAlive()) {
      return false;
    }
    process.destroyForcibly();
    await();
    return process.exitValue() == 128 + 9;
  }

  /** Waits for its end. */
  Ended await() {
    if (livesFor(LONGEST)) {
      process.destroyForcibly();
      throw new ChaosException("the tool did not end within " + LONGEST.toSeconds() + " s");
    }
    Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
    try {
      return new Ended(process.exitValue(), Files.readString(out), Files.readString(err), elapsed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
