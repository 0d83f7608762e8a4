package org.pgbackfill.cli;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;

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
    commands.put("verify", VerifyCommand.class);
    commands.put("runs", RunsCommand.class);
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
    if (type == VerifyCommand.Contacts.class) {
      return type.cast(new VerifyCommand.Contacts(terminal));
    }
    if (type == VerifyCommand.Jobs.class) {
      return type.cast(new VerifyCommand.Jobs(terminal));
    }
    if (type == DemoCommand.class) {
      return type.cast(new DemoCommand(terminal));
    }
    if (type == RunsCommand.class) {
      return type.cast(new RunsCommand(terminal));
    }
    if (type == LedgerCommand.class) {
      return type.cast(new LedgerCommand(terminal));
    }
    return CommandLine.defaultFactory().create(type);
  }
}
