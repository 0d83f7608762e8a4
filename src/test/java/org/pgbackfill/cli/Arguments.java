package org.pgbackfill.cli;

import java.util.ArrayList;
import java.util.List;

/** The words of a command line, put together. */
final class Arguments {
  private final List<Object> words;

  Arguments(Object... words) {
    this.words = new ArrayList<>(List.of(words));
  }

  Arguments and(Object... more) {
    words.addAll(List.of(more));
    return this;
  }

  Cli.Result run(Cli cli) {
    return cli.run(words.toArray());
  }
}
