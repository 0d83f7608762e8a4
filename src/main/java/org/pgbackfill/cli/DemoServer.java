package org.pgbackfill.cli;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.pgbackfill.load.ConnectionSpec;
import org.pgbackfill.load.Question;

/** The demo's own PostgreSQL: gone when it is closed. */
final class DemoServer implements AutoCloseable {
  private final EmbeddedPostgres server;
  private final Terminal terminal;

  private DemoServer(EmbeddedPostgres server, Terminal terminal) {
    this.server = server;
    this.terminal = terminal;
  }

  static DemoServer start(Terminal terminal) throws IOException {
    return new DemoServer(
        EmbeddedPostgres.builder()
            .setLocaleConfig("locale", "C")
            .setLocaleConfig("encoding", "UTF8")
            .setPGStartupWait(Duration.ofSeconds(60))
            .start(),
        terminal);
  }

  /** The program as if it were started with this server in its environment. */
  int pgbackfill(PrintStream out, String... words) {
    return Main.run(
        new Terminal(
            new ByteArrayInputStream(new byte[0]),
            out,
            out,
            terminal.isTerminal(),
            environment(),
            terminal.password(),
            terminal.signals()),
        words);
  }

  private Map<String, String> environment() {
    Map<String, String> variables = new HashMap<>();
    variables.put("PGHOST", "localhost");
    variables.put("PGPORT", Integer.toString(server.getPort()));
    variables.put("PGUSER", "postgres");
    variables.put("PGDATABASE", "postgres");
    return variables;
  }

  /** The one value that a query gives. */
  String ask(String sql) {
    ConnectionSpec spec =
        ConnectionSpec.resolve(
            new ConnectionSpec.Given(null, null, null, null, null),
            environment(),
            System.getProperties());
    return Question.ask(spec, sql);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
