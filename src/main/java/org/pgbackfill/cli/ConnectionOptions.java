package org.pgbackfill.cli;

import org.pgbackfill.load.ConnectionSpec;
import picocli.CommandLine.Option;

/** Where to connect, with the names that psql has. */
final class ConnectionOptions {
  @Option(
      names = {"-h", "--host"},
      paramLabel = "HOST",
      order = 1,
      description = "Server's host. Default: PGHOST, or localhost.")
  private String host;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      order = 2,
      description = "Server's port. Default: PGPORT, or 5432.")
  private String port;

  @Option(
      names = {"-U", "--username"},
      paramLabel = "USER",
      order = 3,
      description = "User to connect as. Default: PGUSER, or the operating system's user.")
  private String username;

  @Option(
      names = {"-d", "--dbname"},
      paramLabel = "DBNAME",
      order = 4,
      description =
          "Database; or a postgresql:// URI, a key=value string, or a jdbc:postgresql: URL."
              + " Default: PGDATABASE, or the user's name.")
  private String dbname;

  @Option(
      names = {"-W", "--password"},
      order = 5,
      description =
          "Ask for the password. Otherwise it comes from PGPASSWORD, PGPASSFILE, ~/.pgpass or a"
              + " service file (PGSERVICE).")
  private boolean askPassword;

  ConnectionSpec resolve(Terminal terminal) {
    char[] password = null;
    if (askPassword) {
      password = terminal.password().get();
      if (password == null) {
        throw new IllegalArgumentException(
            "-W: there is no terminal to ask for the password; give it with PGPASSWORD or"
                + " ~/.pgpass");
      }
    }
    return ConnectionSpec.resolve(
        new ConnectionSpec.Given(host, port, username, dbname, password),
        terminal.environment(),
        System.getProperties());
  }
}
