package org.pgbackfill.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.Wait;

/** The front door for tests: a command line in, status and output out, in this JVM. */
public final class Cli {
  /**
   * How a command line went.
   *
   * @param status the exit status
   * @param out standard output
   * @param err standard error
   */
  public record Result(int status, String out, String err) {
    /** The number behind a field of the JSON summary. */
    public long count(String field) {
      String text = field(field);
      return Long.parseLong(text);
    }

    /** The text of a field of the JSON summary, without quotes; {@code null} as a word. */
    public String field(String field) {
      int start = out.indexOf("\"" + field + "\":");
      if (start < 0) {
        throw new AssertionError("no field " + field + " in: " + out + "\n" + err);
      }
      String rest = out.substring(start + field.length() + 3);
      if (rest.startsWith("\"")) {
        return rest.substring(1, rest.indexOf('"', 1));
      }
      return rest.substring(0, rest.indexOf(rest.indexOf(',') < 0 ? '}' : ','));
    }

    @Override
    public String toString() {
      return "exit status " + status + "\n--- out\n" + out + "--- err\n" + err;
    }
  }

  private final Map<String, String> environment = new HashMap<>();
  private final AtomicReference<Runnable> stop = new AtomicReference<>();
  private InputStream stdin = InputStream.nullInputStream();
  private boolean isTerminal;
  private String password;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Terminal.Signals signals = stop::set;

  /** Without a database: PG variables of the machine are not seen. */
  public Cli() {
    environment.put("HOME", System.getProperty("java.io.tmpdir"));
  }

  /** With a database, by the environment that psql would take. */
  public static Cli on(TestDatabase database) {
    return new Cli()
        .with("PGHOST", "localhost")
        .with("PGPORT", Integer.toString(database.server().port()))
        .with("PGUSER", "postgres")
        .with("PGDATABASE", database.name());
  }

  /** Sets an environment variable. */
  public Cli with(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Gives standard input. */
  public Cli stdin(byte[] bytes) {
    return stdin(new ByteArrayInputStream(bytes));
  }

  /** Gives standard input that comes bit by bit. */
  public Cli stdin(InputStream stream) {
    stdin = stream;
    return this;
  }

  /** Makes standard error a terminal. */
  public Cli onTerminal() {
    isTerminal = true;
    return this;
  }

  /** Answers the prompt for a password; without it there is nobody to ask. */
  public Cli answering(String typed) {
    password = typed;
    return this;
  }

  /** Hands over what a signal would run, when a load begins. */
  public Cli onSignals(Consumer<Runnable> taker) {
    signals = taker::accept;
    return this;
  }

  /** What a first SIGINT does, to a run that goes on in the background. */
  public void stop() {
    Wait.until("the run listens to signals", () -> stop.get() != null);
    stop.get().run();
  }

  /** Waits until a run that goes on in the background has said something on standard error. */
  public void awaitSaid(String text) {
    Wait.until(text, () -> err.toString(StandardCharsets.UTF_8).contains(text));
  }

  /** Runs and waits for the end. */
  public Result run(Object... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    err.reset();
    List<String> words = new ArrayList<>();
    for (Object arg : args) {
      words.add(arg.toString());
    }
    Terminal terminal =
        new Terminal(
            stdin,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            isTerminal,
            Map.copyOf(environment),
            () -> password == null ? null : password.toCharArray(),
            signals);
    int status = Main.run(terminal, words.toArray(String[]::new));
    return new Result(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Runs with the JSON summary and without progress. */
  public Result json(Object... args) {
    List<Object> words = new ArrayList<>(List.of(args));
    words.addAll(List.of("--output", "json", "--progress", "none"));
    return run(words.toArray());
  }
}
