package org.pgbackfill.load;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.pgbackfill.load.Settings.Setting;

/**
 * One server to try.
 *
 * @param host name or address to connect to, an IPv6 address without brackets
 * @param name what the password file knows the server by
 * @param port 1 to 65535
 */
record Endpoint(String host, String name, int port) {
  private static final String DEFAULT_HOST = "localhost";
  private static final int DEFAULT_PORT = 5432;

  /**
   * Pairs hosts, addresses and ports (PostgreSQL 15, 34.1.1.3 Specifying Multiple Hosts): as many
   * of each, or one port for all.
   */
  static List<Endpoint> list(Settings settings) {
    Setting hosts = settings.get("host").orElse(new Setting("", "default"));
    Setting addresses = settings.get("hostaddr").orElse(new Setting("", "default"));
    Setting ports = settings.get("port").orElse(new Setting("", "default"));
    List<String> names = split(hosts);
    List<String> numbers =
        addresses.value().isEmpty() ? Collections.nCopies(names.size(), "") : split(addresses);
    if (hosts.value().isEmpty()) {
      names = Collections.nCopies(numbers.size(), "");
    }
    if (names.size() != numbers.size()) {
      throw unequal("hosts", names.size(), hosts, "hostaddr values", numbers.size(), addresses);
    }
    List<String> portTexts = split(ports);
    if (portTexts.size() == 1) {
      portTexts = Collections.nCopies(names.size(), portTexts.get(0));
    } else if (portTexts.size() != names.size()) {
      throw unequal("hosts", names.size(), hosts, "ports", portTexts.size(), ports);
    }
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String address = address(numbers.get(i), addresses.source());
      String name = host(names.get(i), hosts.source());
      String known = name.isEmpty() ? address : name;
      String connected = address.isEmpty() ? name : address;
      endpoints.add(
          new Endpoint(
              connected.isEmpty() ? DEFAULT_HOST : connected,
              known.isEmpty() ? DEFAULT_HOST : known,
              port(portTexts.get(i), ports.source())));
    }
    return List.copyOf(endpoints);
  }

  private static List<String> split(Setting setting) {
    return List.of(setting.value().split(",", -1));
  }

  private static IllegalArgumentException unequal(
      String what, int count, Setting one, String others, int otherCount, Setting other) {
    return new IllegalArgumentException(
        "%d %s (%s) and %d %s (%s) do not pair; give as many of both"
            .formatted(count, what, one.source(), otherCount, others, other.source()));
  }

  private static String host(String text, String source) {
    String host = text.strip();
    if (host.startsWith("/") || host.startsWith("@")) {
      throw new IllegalArgumentException(
          "host \"%s\" from %s is a unix-socket directory, but the JDBC driver reaches servers over TCP only; use -h"
                  .formatted(host, source)
              + " localhost");
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.chars().anyMatch(c -> c <= ' ' || "/?#&@[]\\\"".indexOf(c) >= 0)) {
      throw Parameters.refused("host", text, source, "a host name or an IP address");
    }
    return host;
  }

  private static String address(String text, String source) {
    String address = text.strip();
    // Digits and dots only, or something with a colon: no name looks like that.
    if (!address.isEmpty() && !address.matches("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\\w+)?")) {
      throw Parameters.refused(
          "hostaddr", text, source, "a numeric IP address; a name goes to host");
    }
    return address;
  }

  private static int port(String text, String source) {
    String digits = text.strip();
    if (digits.isEmpty()) {
      return DEFAULT_PORT;
    }
    try {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw Parameters.refused(
        "port", text, source, "a number from 1 to 65535, or nothing for " + DEFAULT_PORT);
  }

  /** Host and port as in a URL: {@code localhost:5432}, {@code [::1]:5432}. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
