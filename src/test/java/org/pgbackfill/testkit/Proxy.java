package org.pgbackfill.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/**
 * A network between client and server that breaks where the test says: it reads the client's
 * messages (PostgreSQL documentation, 55.7), and knows a COMMIT when it sees one.
 */
public final class Proxy implements AutoCloseable {
  /** What goes wrong. */
  public enum Break {
    /** The client's COMMIT never gets to the server. */
    BEFORE_COMMIT("COMMIT\0"),
    /** The server commits, and its answer is lost. */
    REPLY_OF_COMMIT("COMMIT\0"),
    /** Half of an INSERT gets to the server. */
    DURING_INSERT("INSERT INTO "),
    /** Half of a message with rows of a COPY gets to the server. */
    DURING_COPY(null),
    /** The server commits a chunk's rows, and there is silence: no answer, no end. */
    SILENCE_AFTER_COMMIT("COMMIT\0");

    private final String statement;

    Break(String statement) {
      this.statement = statement;
    }

    private boolean begins(String text) {
      return text.startsWith(statement);
    }
  }

  private static final int PROTOCOL_3 = 3 << 16;

  private final int serverPort;
  private final ServerSocket door;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger seen = new AtomicInteger();
  private final AtomicInteger broken = new AtomicInteger();
  private volatile Break kind;
  private volatile IntPredicate when = n -> false;
  private volatile boolean down;

  private Proxy(int serverPort) throws IOException {
    this.serverPort = serverPort;
    this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start("proxy", this::accept);
  }

  /** Opens a way to the server of a database. */
  public static Proxy to(TestDatabase database) {
    try {
      return new Proxy(database.server().port());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where clients connect, on localhost. */
  public int port() {
    return door.getLocalPort();
  }

  /**
   * From now on breaks what the test wants broken.
   *
   * @param what goes wrong
   * @param which of the statements of that kind, 1-based
   */
  public Proxy breaking(Break what, IntPredicate which) {
    kind = what;
    when = which;
    return this;
  }

  /** How often something was broken. */
  public int broken() {
    return broken.get();
  }

  /** Cuts every connection, and lets none through from now on. */
  public void goDown() {
    down = true;
    open.forEach(Proxy::cut);
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket client = door.accept();
        if (down) {
          cut(client);
          continue;
        }
        Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        open.add(client);
        open.add(server);
        Way way = new Way(client, server);
        start("proxy-in", way::clientToServer);
        start("proxy-out", way::serverToClient);
      } catch (IOException e) {
        // The door is closed, or the server is away; the client sees the end of its connection.
      }
    }
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void cut(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  @Override
  public void close() {
    goDown();
    try {
      door.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One connection. */
  private final class Way {
    private final Socket client;
    private final Socket server;
    private volatile Break breaking;
    private boolean loads;

    Way(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void clientToServer() {
      try {
        DataInputStream in = new DataInputStream(client.getInputStream());
        OutputStream out = server.getOutputStream();
        while (!startup(in, out)) {
          // A question for encryption comes before the start.
        }
        while (true) {
          byte[] message = message(in);
          Break now = toBreak(message);
          if (now == Break.BEFORE_COMMIT) {
            return;
          }
          if (now == Break.DURING_INSERT || now == Break.DURING_COPY) {
            out.write(message, 0, message.length / 2);
            return;
          }
          breaking = now == null ? breaking : now;
          out.write(message);
        }
      } catch (IOException e) {
        // One of them is gone, and so the other's connection ends.
      } finally {
        end();
      }
    }

    private boolean startup(DataInputStream in, OutputStream out) throws IOException {
      int length = in.readInt();
      byte[] rest = in.readNBytes(length - 4);
      out.write(ByteBuffer.allocate(4).putInt(length).array());
      out.write(rest);
      return ByteBuffer.wrap(rest).getInt() == PROTOCOL_3;
    }

    private byte[] message(DataInputStream in) throws IOException {
      int type = in.readUnsignedByte();
      int length = in.readInt();
      byte[] rest = in.readNBytes(length - 4);
      return ByteBuffer.allocate(1 + 4 + rest.length)
          .put((byte) type)
          .putInt(length)
          .put(rest)
          .array();
    }

    /** Of a Parse message: behind its name, which ends with a zero byte. */
    private static String statement(byte[] message) {
      String text = new String(message, 5, message.length - 5, StandardCharsets.ISO_8859_1);
      return text.substring(text.indexOf(0) + 1);
    }

    private boolean isMeant(Break what, byte[] message) {
      loads |= message[0] == 'd';
      if (what == Break.DURING_COPY) {
        return message[0] == 'd';
      }
      if (message[0] != 'P') {
        return false;
      }
      loads |= Break.DURING_INSERT.begins(statement(message));
      // Nobody waits for a heartbeat's answer, which goes another way than rows.
      return what.begins(statement(message)) && (what != Break.SILENCE_AFTER_COMMIT || loads);
    }

    private Break toBreak(byte[] message) {
      Break what = kind;
      if (what == null || !isMeant(what, message) || !when.test(seen.incrementAndGet())) {
        return null;
      }
      broken.incrementAndGet();
      return what;
    }

    void serverToClient() {
      try {
        InputStream in = server.getInputStream();
        OutputStream out = client.getOutputStream();
        byte[] buffer = new byte[64 * 1024];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          if (breaking == Break.SILENCE_AFTER_COMMIT) {
            continue;
          }
          if (breaking != null) {
            String answer = new String(Arrays.copyOf(buffer, count), StandardCharsets.ISO_8859_1);
            if (answer.contains("COMMIT")) {
              return;
            }
            continue;
          }
          out.write(buffer, 0, count);
        }
      } catch (IOException e) {
        // as above
      } finally {
        end();
      }
    }

    private void end() {
      if (breaking != Break.SILENCE_AFTER_COMMIT) {
        cut(client);
      }
      cut(server);
      open.remove(server);
    }
  }
}
