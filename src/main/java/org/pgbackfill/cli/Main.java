package org.pgbackfill.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Where the program starts. */
public final class Main {
  /** The launcher knows whether standard error is a terminal; the JVM does not. */
  private static final String STDERR_IS_TERMINAL = "pgbackfill.terminal";

  private Main() {}

  /**
   * Runs the command line and ends the JVM with its exit status.
   *
   * @param args the words after the program's name
   */
  public static void main(String[] args) {
    PrintStream out = stream(FileDescriptor.out);
    PrintStream err = stream(FileDescriptor.err);
    Terminal terminal =
        new Terminal(
            System.in,
            out,
            err,
            Boolean.getBoolean(STDERR_IS_TERMINAL),
            System.getenv(),
            Main::askPassword,
            Main::onSignals);
    Ahead.begin(args);
    int status = run(terminal, args);
    out.flush();
    err.flush();
    // The pool's and the driver's threads must not keep a finished program alive.
    Runtime.getRuntime().exit(status);
  }

  /** Runs the command line; the exit status. Tests come in here. */
  static int run(Terminal terminal, String... args) {
    return commandLine(terminal, args).execute(args);
  }

  /**
   * The command that the first word names; where it names none, all of them, or as much of them as
   * help shows if no word can mean one.
   */
  static CommandLine commandLine(Terminal terminal, String... args) {
    CommandSpec all = new PgBackfill().spec();
    String first = args.length == 0 ? "" : args[0];
    boolean named = Commands.BY_NAME.containsKey(first);
    boolean mayName = Arrays.stream(args).anyMatch(Main::mayNameCommand);
    Commands.BY_NAME.forEach(
        (name, command) -> {
          if (named ? first.equals(name) : mayName) {
            Commands.add(all, name, command.header(), command.spec().apply(terminal));
          } else if (!named) {
            Commands.add(all, name, command.header(), CommandSpec.create());
          }
        });
    CommandLine line = new CommandLine(all);
    line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.setUsageHelpWidth(100);
    line.setParameterExceptionHandler(new Usage());
    return line;
  }

  /** Picocli reads further words from a file after an at sign. */
  private static boolean mayNameCommand(String word) {
    return Commands.BY_NAME.containsKey(word) || word.startsWith("@");
  }

  /** A class of its own: behind a method reference the archive leaves out an interface this old. */
  private static final class Usage implements CommandLine.IParameterExceptionHandler {
    @Override
    public int handleParseException(CommandLine.ParameterException e, String[] args) {
      CommandLine line = e.getCommandLine();
      line.getErr().println("pgbackfill: " + usageMessage(e));
      line.getErr().println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
      return ExitStatus.USAGE.code();
    }
  }

  /** What stands behind an equals sign may be a password, where no option takes one. */
  private static String usageMessage(CommandLine.ParameterException e) {
    if (e.getArgSpec() instanceof CommandLine.Model.OptionSpec option
        && option.longestName().equals("--password")) {
      return "-W takes no value: it asks for the password; PGPASSWORD or ~/.pgpass can give it";
    }
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched
        && unmatched.isUnknownOption()) {
      String name = unmatched.getUnmatched().get(0);
      return "Unknown option: '" + name.replaceFirst("(?s)=.*", "") + "'";
    }
    return e.getMessage();
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /**
   * The launcher sets jdk.console=java.base: with it a JDK 22 or later, too, has no console without
   * a terminal.
   */
  @SuppressWarnings("SystemConsoleNull")
  private static char[] askPassword() {
    Console console = System.console();
    return console == null ? null : console.readPassword("Password: ");
  }

  /** The first signal asks for an orderly end, a second one does not wait for it. */
  private static void onSignals(Runnable stop) {
    AtomicBoolean asked = new AtomicBoolean();
    for (String name : new String[] {"INT", "TERM"}) {
      Signals.register(
          name,
          () -> {
            if (asked.getAndSet(true)) {
              Runtime.getRuntime().halt(ExitStatus.INTERRUPTED.code());
            }
            stop.run();
          });
    }
  }
}
