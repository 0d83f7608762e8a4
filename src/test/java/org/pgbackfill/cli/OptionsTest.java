package org.pgbackfill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgbackfill.testkit.WorkFolder;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The command line before any server is asked. */
class OptionsTest {
  @TempDir Path path;

  private static Arguments refused(String message, String... words) {
    return Arguments.of(List.of(words), message);
  }

  static Stream<Arguments> nonsense() {
    String tryMain = "\nTry 'pgbackfill --help'.\n";
    String tryContacts = "\nTry 'pgbackfill contacts --help'.\n";
    String tryJobs = "\nTry 'pgbackfill jobs --help'.\n";
    return Stream.of(
        refused(
            "no command; expected contacts, jobs, job-updates, check, verify, runs, pause, unpause,"
                + " stop, tune, ledger or demo"
                + tryMain),
        refused("Unmatched argument at index 0: 'contact'" + tryMain, "contact"),
        refused("Missing required parameter: 'FILE'" + tryContacts, "contacts"),
        refused("Missing required parameter: 'FILE'" + tryJobs, "jobs", "--verbose"),
        refused("Unknown option: '--thread'" + tryContacts, "contacts", "a.csv", "--thread", "2"),
        refused("Unknown option: '--table'" + tryJobs, "jobs", "a.csv", "--table"),
        refused("Unknown option: '--prefix'" + tryContacts, "contacts", "a.csv", "--prefix"),
        refused("Unknown option: '--notify'" + tryContacts, "contacts", "a.csv", "--notify"),
        refused("Unknown option: '--link-id'" + tryJobs, "jobs", "a.csv", "--link-id"),
        refused(
            "Invalid value for option '--threads': 'many' is not an int" + tryContacts,
            "contacts",
            "a.csv",
            "--threads",
            "many"),
        refused("--threads 0: expected 1 to 64\n", "contacts", "a.csv", "--threads", "0"),
        refused("--threads 65: expected 1 to 64\n", "contacts", "a.csv", "--threads=65"),
        refused("--max-rate 0: expected 1 or more\n", "contacts", "a.csv", "--max-rate", "0"),
        refused("--chunk-time 0ms: expected 1ms or more\n", "jobs", "a.csv", "--chunk-time", "0s"),
        refused("--max-active -1: expected 0 or more\n", "jobs", "a.csv", "--max-active=-1"),
        refused("Missing required parameter: 'RUN'\nTry 'pgbackfill pause --help'.\n", "pause"),
        refused(
            "--chunk-size 0: expected 1 to 1000000\n", "contacts", "a.csv", "--chunk-size", "0"),
        refused(
            "--chunk-size 1000001: expected 1 to 1000000\n",
            "contacts",
            "a.csv",
            "--chunk-size",
            "1000001"),
        refused(
            "\"some\" is not a limit of rejects; expected a number such as 10, or a percentage such"
                + " as 0.5%\n",
            "contacts", "a.csv", "--max-rejects", "some"),
        refused(
            "\"101%\" is not a limit of rejects; expected a number such as 10, or a percentage such"
                + " as 0.5%\n",
            "contacts", "a.csv", "--max-rejects", "101%"),
        refused(
            "\"-1\" is not a limit of rejects; expected a number such as 10, or a percentage such"
                + " as 0.5%\n",
            "contacts", "a.csv", "--max-rejects=-1"),
        refused(
            "\"1.5\" is not a limit of rejects; expected a number such as 10, or a percentage such"
                + " as 0.5%\n",
            "contacts", "a.csv", "--max-rejects", "1.5"),
        refused(
            "Invalid value for option '--link-id': \"mailbox\" is not a uuid" + tryContacts,
            "contacts",
            "a.csv",
            "--link-id",
            "mailbox"),
        // Java reads it as 00000001-0002-0003-0004-000000000005
        refused(
            "Invalid value for option '--link-id': \"1-2-3-4-5\" is not a uuid" + tryContacts,
            "contacts",
            "a.csv",
            "--link-id",
            "1-2-3-4-5"),
        refused(
            "Value for option option '--map' (COLUMN=HEADER) should be in KEY=VALUE format but was"
                + " name"
                + tryContacts,
            "contacts",
            "a.csv",
            "--map",
            "name"),
        refused(
            "--map mail=x: there is no column \"mail\" to load; expected one of id, link_id,"
                + " email_address, name, original_photo_url, sfs_photo_url, created_at,"
                + " updated_at\n",
            "contacts",
            "a.csv",
            "--map",
            "mail=x"),
        refused(
            "Invalid value for option '--output': expected one of [TEXT, JSON] (case-insensitive)"
                + " but was 'xml'"
                + tryContacts,
            "contacts",
            "a.csv",
            "--output",
            "xml"),
        refused(
            "Invalid value for option '--progress': expected one of [AUTO, BAR, PLAIN, NONE]"
                + " (case-insensitive) but was 'loud'"
                + tryContacts,
            "contacts",
            "a.csv",
            "--progress",
            "loud"),
        refused(
            "Invalid value for option '--notify': expected one of [CHUNK, END, OFF]"
                + " (case-insensitive) but was 'row'"
                + tryJobs,
            "jobs",
            "a.csv",
            "--notify",
            "row"),
        refused(
            "verify what? expected verify contacts or verify jobs"
                + "\nTry 'pgbackfill verify --help'.\n",
            "verify"),
        refused(
            "Missing required parameter: 'FILE'\nTry 'pgbackfill verify jobs --help'.\n",
            "verify",
            "jobs"),
        refused(
            "--sort-memory 0: expected a number of MiB, 1 and more\n",
            "verify",
            "jobs",
            "a.csv",
            "--sort-memory",
            "0"),
        refused(
            "--differences a.csv is a file to load as well; name another for the differences\n",
            "verify",
            "contacts",
            "a.csv",
            "--differences",
            "a.csv"),
        refused(
            "--rejects a.csv is a file to load as well; name another for the rejects\n",
            "contacts",
            "a.csv",
            "--rejects",
            "a.csv"),
        refused(
            "--rejects ./x/../a.csv is a file to load as well; name another for the rejects\n",
            "jobs",
            "b.csv",
            "a.csv",
            "--rejects",
            "./x/../a.csv"),
        refused(
            "--outcomes a.csv is a file to load as well; name another for the outcomes\n",
            "contacts",
            "a.csv",
            "--outcomes",
            "a.csv"),
        refused(
            "--outcomes r.csv is the file for the rejects as well; name another for the outcomes\n",
            "contacts",
            "a.csv",
            "--rejects",
            "r.csv",
            "--outcomes",
            "r.csv"));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void nonsenseIsRefusedWithStatusTwo(List<String> words, String message) {
    Cli.Result result = new Cli().run(words.toArray());
    assertEquals(2, result.status(), result::toString);
    assertEquals("pgbackfill: " + message, result.err());
    assertEquals("", result.out());
  }

  private Cli.Result load(String command, String csv, Object... args) {
    Path export = new WorkFolder(path).write("export.csv", csv);
    return new org.pgbackfill.cli.Arguments(command, export).and(args).run(new Cli());
  }

  @Test
  void emptyFileIsNoExport() {
    Cli.Result result = load("contacts", "");
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: "
            + path.resolve("export.csv")
            + ": the file is empty; expected a header line with the names of the columns\n",
        result.err());
  }

  @Test
  void folderIsNoExport() {
    Cli.Result result = new Cli().run("contacts", path);
    assertEquals(1, result.status(), result::toString);
    assertEquals("pgbackfill: " + path + ": is a directory; name the files in it\n", result.err());
  }

  @Test
  void standardInputCanBeReadOnce() {
    Cli.Result result = new Cli().run("contacts", "-", "-");
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: standard input (-) is named twice; it can be read once\n", result.err());
  }

  private static List<CommandLine> commands() {
    Terminal terminal =
        new Terminal(
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            false,
            Map.of(),
            () -> null,
            stop -> {});
    List<CommandLine> commands =
        new ArrayList<>(Main.commandLine(terminal, "--help", "contacts").getSubcommands().values());
    List.copyOf(commands).forEach(command -> commands.addAll(command.getSubcommands().values()));
    return List.copyOf(commands);
  }

  private static List<CommandLine> verifyCommands() {
    return commands().stream()
        .filter(command -> command.getCommandName().equals("verify"))
        .flatMap(command -> command.getSubcommands().values().stream())
        .toList();
  }

  @Test
  void everyOptionIsDocumentedWithItsDefault() {
    List<String> missing = new ArrayList<>();
    for (CommandLine command : commands()) {
      for (OptionSpec option : command.getCommandSpec().options()) {
        String text = String.join(" ", option.description());
        if (!text.contains("Default: ")
            && !Set.of("-W", "--help").contains(option.shortestName())) {
          missing.add(command.getCommandName() + " " + option.longestName());
        }
      }
    }
    assertEquals(List.of(), missing);
  }

  @Test
  void commandsHaveTheOptionsThatWerePromised() {
    Set<String> both =
        Set.of(
            "-h",
            "-p",
            "-U",
            "-d",
            "-W",
            "--threads",
            "--chunk-size",
            "--map",
            "--create-table",
            "--rejects",
            "--max-rejects",
            "--outcomes",
            "--progress",
            "--output",
            "--verbose",
            "--run",
            "--resume",
            "--again",
            "--ledger-schema",
            "--no-ledger",
            "--max-run-time",
            "--dry-run",
            "--retry-time",
            "--lock-timeout",
            "--statement-timeout",
            "--idle-timeout",
            "--chunk-time",
            "--max-rate",
            "--max-lag",
            "--max-active",
            "--max-lock-waiters",
            "--max-wal-backlog",
            "--throttle-query",
            "--throttle-file",
            "--help");
    for (CommandLine command : commands()) {
      Set<String> names = new TreeSet<>(command.getCommandSpec().optionsMap().keySet());
      String path = command.getCommandSpec().qualifiedName();
      if (List.of("pgbackfill contacts", "pgbackfill jobs").contains(path)) {
        assertTrue(names.containsAll(both), () -> path + " has " + names);
      }
      List<String> own =
          switch (path) {
            case "pgbackfill contacts" -> List.of("--table", "--link-id");
            case "pgbackfill jobs" -> List.of("--prefix", "--notify");
            case "pgbackfill check contacts" -> List.of("--table", "--threads", "--ledger-schema");
            case "pgbackfill check jobs" -> List.of("--prefix", "--threads", "--no-ledger");
            default -> List.of("--help");
          };
      assertTrue(names.containsAll(own), () -> path + " has " + names);
    }
  }

  /** What says which rows a load is about says it to verify as well. */
  @Test
  void verifyTakesTheLoadsOptions() {
    Set<String> both =
        Set.of(
            "-h",
            "-p",
            "-U",
            "-d",
            "-W",
            "--map",
            "--progress",
            "--output",
            "--verbose",
            "--retry-time",
            "--lock-timeout",
            "--statement-timeout",
            "--idle-timeout",
            "--differences",
            "--sort-memory",
            "--help");
    assertEquals(2, verifyCommands().size());
    for (CommandLine command : verifyCommands()) {
      Set<String> names = new TreeSet<>(command.getCommandSpec().optionsMap().keySet());
      assertTrue(names.containsAll(both), () -> command.getCommandName() + " has " + names);
      assertTrue(
          names.containsAll(
              command.getCommandName().equals("jobs")
                  ? List.of("--prefix", "--finished")
                  : List.of("--table", "--link-id")),
          () -> command.getCommandName() + " has " + names);
    }
  }

  @Test
  void helpAndVersionGoToStandardOutputWithStatusZero() {
    for (String[] words :
        new String[][] {
          {"--help"},
          {"contacts", "--help"},
          {"jobs", "--help"},
          {"verify", "jobs", "--help"},
          {"--version"}
        }) {
      Cli.Result result = new Cli().run((Object[]) words);
      assertEquals(0, result.status(), result::toString);
      assertEquals("", result.err());
      assertFalse(result.out().isBlank());
    }
    assertTrue(new Cli().run("--version").out().startsWith("pgbackfill "));
    String help = new Cli().run("--help").out();
    for (ExitStatus status : ExitStatus.values()) {
      assertTrue(help.contains("\n  " + status.code() + "  "), help);
    }
  }

  /** It is shown without reading what options the commands have. */
  @Test
  void helpListsTheCommandsAsTheyAre() {
    String help = new Cli().run("--help").out();
    assertEquals(new Cli().run("--help", "contacts").out(), help);
    for (CommandLine command : commands()) {
      if (command.getParent().getParent() == null) {
        String header = command.getCommandSpec().usageMessage().header()[0];
        assertTrue(help.contains("  " + command.getCommandName() + " "), help);
        assertTrue(help.contains(header), help);
      }
    }
  }

  @Test
  void helpShowsTheDefaultsThatHold() {
    String contacts = new Cli().run("contacts", "--help").out().replaceAll("\\s+", " ");
    assertTrue(contacts.contains("schema-qualified or not. Default: email_contacts."), contacts);
    assertTrue(contacts.contains("1 to 64. Default: 4."), contacts);
    assertTrue(
        contacts.contains(
            "in one transaction; fewer where memory is short. Default: 50000; 20000 where rows"),
        contacts);
    String jobs = new Cli().run("jobs", "--help").out().replaceAll("\\s+", " ");
    assertTrue(jobs.contains("schema-qualified or not. Default: chancy_."), jobs);
    assertTrue(jobs.contains("(of the run) or off. Default: chunk."), jobs);
  }
}
