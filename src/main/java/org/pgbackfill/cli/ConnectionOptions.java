package org.pgbackfill.cli;

import org.pgbackfill.load.ConnectionSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Where to connect, with the names that psql has. */
final class ConnectionOptions {
  private final OptionSpec host =
      OptionSpec.builder("-h", "--host")
          .paramLabel("HOST")
          .type(String.class)
          .order(1)
          .description("Server's host. Default: PGHOST, or localhost.")
          .build();

  private final OptionSpec port =
      OptionSpec.builder("-p", "--port")
          .paramLabel("PORT")
          .type(String.class)
          .order(2)
          .description("Server's port. Default: PGPORT, or 5432.")
          .build();

  private final OptionSpec username =
      OptionSpec.builder("-U", "--username")
          .paramLabel("USER")
          .type(String.class)
          .order(3)
          .description("User to connect as. Default: PGUSER, or the operating system's user.")
          .build();

  private final OptionSpec dbname =
      OptionSpec.builder("-d", "--dbname")
          .paramLabel("DBNAME")
          .type(String.class)
          .order(4)
          .description(
              "Database; or a postgresql:// URI, a key=value string, or a jdbc:postgresql: URL."
                  + " Default: PGDATABASE, or the user's name.")
          .build();

  private final OptionSpec askPassword =
      OptionSpec.builder("-W", "--password")
          .type(boolean.class)
          .initialValue(false)
          .order(5)
          .description(
              "Ask for the password. Otherwise it comes from PGPASSWORD, PGPASSFILE, ~/.pgpass or a"
                  + " service file (PGSERVICE).")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    spec.addOption(host)
        .addOption(port)
        .addOption(username)
        .addOption(dbname)
        .addOption(askPassword);
  }

  ConnectionSpec resolve(Terminal terminal) {
    char[] password = null;
    boolean asks = askPassword.getValue();
    if (asks) {
      password = terminal.password().get();
      if (password == null) {
        throw new IllegalArgumentException(
            "-W: there is no terminal to ask for the password; give it with PGPASSWORD or"
                + " ~/.pgpass");
      }
    }
    return ConnectionSpec.resolve(
        new ConnectionSpec.Given(
            host.getValue(), port.getValue(), username.getValue(), dbname.getValue(), password),
        terminal.environment(),
        System.getProperties());
  }
}
