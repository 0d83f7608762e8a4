package org.pgbackfill.cli;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The commands, and what the command line knows of any of them. It is told by Picocli's
 * programmatic API: to read annotations takes ten times as long, and a sixth of the time in which a
 * thousand records are loaded (src/site/markdown/performance.md).
 */
final class Commands {
  /**
   * One of them.
   *
   * @param header what the list of commands says of it
   * @param spec makes it
   */
  record Entry(String header, Function<Terminal, CommandSpec> spec) {}

  /** In the order in which help lists them. */
  static final Map<String, Entry> BY_NAME = byName();

  private Commands() {}

  private static Map<String, Entry> byName() {
    Map<String, Entry> all = new LinkedHashMap<>();
    all.put(
        "contacts", new Entry("Load contacts.", terminal -> new ContactsCommand(terminal).spec()));
    all.put(
        "jobs",
        new Entry("Push jobs of the Chancy queue.", terminal -> new JobsCommand(terminal).spec()));
    all.put(
        "job-updates",
        new Entry(
            "Change jobs of the Chancy queue that are there.",
            terminal -> new JobUpdatesCommand(terminal).spec()));
    all.put(
        "verify",
        new Entry(
            "Compare the table with an export.", terminal -> new VerifyCommand(terminal).spec()));
    all.put(
        "check",
        new Entry(
            "Look at a target before a load.", terminal -> new CheckCommand(terminal).spec()));
    all.put(
        "runs",
        new Entry(
            "List the runs that the ledger knows.", terminal -> new RunsCommand(terminal).spec()));
    all.put(
        "pause",
        new Entry(
            "Hold a run at work until unpause.", terminal -> new PauseCommand(terminal).spec()));
    all.put(
        "unpause",
        new Entry("Let a paused run go on.", terminal -> new UnpauseCommand(terminal).spec()));
    all.put(
        "stop",
        new Entry("End a run at work, resumable.", terminal -> new StopCommand(terminal).spec()));
    all.put(
        "tune",
        new Entry(
            "Give a run at work other limits.", terminal -> new TuneCommand(terminal).spec()));
    all.put(
        "ledger",
        new Entry(
            "Print the SQL that makes the ledger.",
            terminal -> new LedgerCommand(terminal).spec()));
    all.put(
        "demo",
        new Entry(
            "See it happen on a PostgreSQL of its own.",
            terminal -> new DemoCommand(terminal).spec()));
    return Collections.unmodifiableMap(all);
  }

  /**
   * What all commands have in common.
   *
   * @param command a Callable with the exit status, or a Runnable
   * @param description for its help, with %n for line breaks
   */
  static CommandSpec spec(Object command, String description) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    spec.usageMessage().sortOptions(false).description(description);
    return spec.addOption(help());
  }

  /** {@code --help}, which Picocli answers by itself. */
  static OptionSpec help() {
    return OptionSpec.builder("--help")
        .type(boolean.class)
        .usageHelp(true)
        .order(90)
        .description("Show this help.")
        .build();
  }

  /** Adds a command to those of another one. */
  static void add(CommandSpec parent, String name, String header, CommandSpec command) {
    command.usageMessage().header(header);
    parent.addSubcommand(name, command);
  }
}
