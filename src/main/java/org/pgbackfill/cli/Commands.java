package org.pgbackfill.cli;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;

/** Makes Picocli's command objects, giving each what it has from outside. */
final class Commands implements CommandLine.IFactory {
  /** In the order in which help lists them. */
  static final Map<String, Class<?>> BY_NAME = byName();

  private final Terminal terminal;

  Commands(Terminal terminal) {
    this.terminal = terminal;
  }

  private static Map<String, Class<?>> byName() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("contacts", ContactsCommand.class);
    commands.put("jobs", JobsCommand.class);
    commands.put("job-updates", JobUpdatesCommand.class);
    commands.put("verify", VerifyCommand.class);
    commands.put("check", CheckCommand.class);
    commands.put("runs", RunsCommand.class);
    commands.put("pause", PauseCommand.class);
    commands.put("unpause", UnpauseCommand.class);
    commands.put("stop", StopCommand.class);
    commands.put("tune", TuneCommand.class);
    commands.put("ledger", LedgerCommand.class);
    commands.put("demo", DemoCommand.class);
    return Collections.unmodifiableMap(commands);
  }

  @Override
  public <K> K create(Class<K> type) throws Exception {
    if (type == ContactsCommand.class) {
      return type.cast(new ContactsCommand(terminal));
    }
    if (type == JobsCommand.class) {
      return type.cast(new JobsCommand(terminal));
    }
    if (type == JobUpdatesCommand.class) {
      return type.cast(new JobUpdatesCommand(terminal));
    }
    if (type == VerifyCommand.Contacts.class) {
      return type.cast(new VerifyCommand.Contacts(terminal));
    }
    if (type == VerifyCommand.Jobs.class) {
      return type.cast(new VerifyCommand.Jobs(terminal));
    }
    if (type == DemoCommand.class) {
      return type.cast(new DemoCommand(terminal));
    }
    if (type == CheckCommand.Contacts.class) {
      return type.cast(new CheckCommand.Contacts(terminal));
    }
    if (type == CheckCommand.Jobs.class) {
      return type.cast(new CheckCommand.Jobs(terminal));
    }
    if (type == RunsCommand.class) {
      return type.cast(new RunsCommand(terminal));
    }
    if (type == PauseCommand.class) {
      return type.cast(new PauseCommand(terminal));
    }
    if (type == UnpauseCommand.class) {
      return type.cast(new UnpauseCommand(terminal));
    }
    if (type == StopCommand.class) {
      return type.cast(new StopCommand(terminal));
    }
    if (type == TuneCommand.class) {
      return type.cast(new TuneCommand(terminal));
    }
    if (type == LedgerCommand.class) {
      return type.cast(new LedgerCommand(terminal));
    }
    return CommandLine.defaultFactory().create(type);
  }

  /** As much of a command as the list of commands shows. */
  static CommandLine header(Class<?> command) {
    CommandLine line = new CommandLine(CommandSpec.create());
    String[] header = command.getAnnotation(Command.class).header();
    line.getCommandSpec().usageMessage().header(header);
    return line;
  }
}
