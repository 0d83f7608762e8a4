package org.pgbackfill.cli;

import picocli.CommandLine;

/** Makes Picocli's command objects, giving each what it has from outside. */
final class Commands implements CommandLine.IFactory {
  private final Terminal terminal;

  Commands(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public <K> K create(Class<K> type) throws Exception {
    if (type == ContactsCommand.class) {
      return type.cast(new ContactsCommand(terminal));
    }
    if (type == JobsCommand.class) {
      return type.cast(new JobsCommand(terminal));
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
