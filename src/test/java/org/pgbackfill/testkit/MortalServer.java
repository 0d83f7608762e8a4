package org.pgbackfill.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL that is killed and comes back on the same data and the same port. It writes through
 * to the disk (fsync), as a server does that is to come back. For one thread.
 */
public final class MortalServer implements AutoCloseable {
  /** Ways to die, all of them by SIGKILL. */
  public enum Death {
    /** The postmaster and all its children at once, as in a power cut. */
    WHOLE,
    /** The postmaster alone; its children find out and leave. */
    POSTMASTER,
    /** One child, as when memory runs out; the postmaster restarts all the others by itself. */
    CHILD
  }

  private static final Duration UP = Duration.ofSeconds(60);
  private static final Duration ORPHANS = Duration.ofSeconds(5);
  private static final long LOOK_MILLIS = 20;

  private final Path data;
  private final Path log;
  private final Path program;
  private final List<String> command;
  private final int port;
  private Process postmaster;

  private MortalServer(Path folder, int port, Path program) {
    this.data = folder.resolve("data");
    this.log = folder.resolve("server.log");
    this.port = port;
    this.program = program;
    this.command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      command.addAll(List.of("unshare", "-U")); // the server refuses to be root
    }
    command.addAll(List.of(program.toString(), "-D", data.toString(), "-p", "" + port));
    command.addAll(List.of("-c", "unix_socket_directories=", "-c", "max_connections=50"));
  }

  /** Makes one in an empty folder, and starts it; the folder is the caller's to delete. */
  public static MortalServer start(Path folder) {
    try {
      // The library makes the data and finds the program; it has no way to kill and restart.
      EmbeddedPostgres maker =
          TestServer.builder(Map.of())
              .setDataDirectory(folder.resolve("data"))
              .setCleanDataDirectory(false)
              .setRegisterShutdownHook(false)
              .start();
      String pid = Files.readAllLines(folder.resolve("data/postmaster.pid")).get(0);
      Path program =
          Path.of(
              ProcessHandle.of(Long.parseLong(pid)).orElseThrow().info().command().orElseThrow());
      maker.close();
      MortalServer server = new MortalServer(folder, maker.getPort(), program);
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A streaming replica of this server, in an empty folder. This one is stopped for the copy, and
   * comes back.
   */
  public MortalServer replica(Path folder) {
    close();
    try (Stream<Path> files = Files.walk(data);
        ServerSocket free = new ServerSocket(0)) {
      Path copy = folder.resolve("data");
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(data.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      }
      Files.createFile(copy.resolve("standby.signal"));
      Files.writeString(
          copy.resolve("postgresql.auto.conf"),
          "primary_conninfo = 'host=localhost port=" + port + " user=postgres'\n",
          StandardOpenOption.APPEND);
      free.close();
      start();
      MortalServer replica = new MortalServer(folder, free.getLocalPort(), program);
      replica.start();
      return replica;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The port on localhost; the user is postgres, and every password is good. */
  public int port() {
    return port;
  }

  /** A connection of one's own, to be closed. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:" + port + "/" + database + "?user=postgres");
  }

  /** Starts it, and waits until it takes connections; does nothing where it does already. */
  public void start() {
    long end = System.nanoTime() + UP.toNanos();
    while (!answers()) {
      if (postmaster == null || !postmaster.isAlive()) {
        launch();
      }
      if (System.nanoTime() > end) {
        throw new IllegalStateException("the server does not come up; see " + log);
      }
      pause();
    }
  }

  /** It gives up at once where children of the former postmaster are left; then again. */
  private void launch() {
    try {
      postmaster =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(Redirect.appendTo(log.toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean answers() {
    if (postmaster == null || !postmaster.isAlive()) {
      return false;
    }
    try (Connection connection = connect("postgres")) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  /** Kills it. After {@link Death#CHILD} it comes back by itself. */
  public void kill(Death death, Random random) {
    List<ProcessHandle> children = postmaster.descendants().toList();
    switch (death) {
      case WHOLE -> {
        postmaster.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(children);
      }
      case POSTMASTER -> {
        postmaster.destroyForcibly();
        awaitEnd(children);
      }
      case CHILD -> children.get(random.nextInt(children.size())).destroyForcibly();
    }
  }

  private void awaitEnd(List<ProcessHandle> children) {
    long end = System.nanoTime() + ORPHANS.toNanos();
    while (postmaster.isAlive() || children.stream().anyMatch(ProcessHandle::isAlive)) {
      if (System.nanoTime() > end) {
        postmaster.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Asks it to end, and kills it where a session keeps it from that. */
  @Override
  public void close() {
    List<ProcessHandle> children = postmaster.descendants().toList();
    postmaster.destroy();
    awaitEnd(children);
  }
}
