package org.pgbackfill.load;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The two forms of libpq's connection strings (PostgreSQL 15, 34.1.1 Connection Strings): a URI,
 * and pairs of key=value. Of a name said twice the last counts. Messages tell positions and never
 * quote what may be a password.
 */
final class ConnectionString {
  private ConnectionString() {}

  static boolean isUri(String text) {
    return text.startsWith("postgresql://") || text.startsWith("postgres://");
  }

  static boolean isKeyValues(String text) {
    return text.indexOf('=') >= 0;
  }

  /**
   * Takes a URI apart and decodes its parts.
   *
   * @return values by libpq's names
   * @throws IllegalArgumentException if the URI is malformed or has an unknown parameter. So that
   *     no part of a password passes for a host, a port or a database, a bare {@code @} there is
   *     refused where libpq would go on.
   */
  static Map<String, String> parseUri(String uri) {
    var values = new LinkedHashMap<String, String>();
    String rest = uri.substring(uri.indexOf("://") + 3);
    int at = rest.indexOf('@');
    int slash = rest.indexOf('/');
    boolean hasUser = at >= 0 && (slash < 0 || at < slash);
    if (hasUser) {
      readUser(rest.substring(0, at), values);
      rest = rest.substring(at + 1);
    }
    int question = rest.indexOf('?');
    String place = question < 0 ? rest : rest.substring(0, question);
    if (place.indexOf('@') >= 0) {
      throw strayAt();
    }
    slash = place.indexOf('/');
    readHosts(slash < 0 ? place : place.substring(0, slash), values);
    if (!hasUser && rest.indexOf('@') >= 0 && !values.getOrDefault("port", "").matches("[0-9,]*")) {
      throw strayAt(); // postgresql://ann:a/b?c@host: the "port" is a password's beginning
    }
    put("dbname", slash < 0 ? "" : place.substring(slash + 1), values);
    if (question >= 0) {
      readQuery(rest.substring(question + 1), values);
    }
    return values;
  }

  private static IllegalArgumentException strayAt() {
    return new IllegalArgumentException(
        "the URI from -d has an \"@\" where none can be; in a user name or a password write %40 for"
            + " \"@\", %2F for \"/\", %3F for \"?\"");
  }

  private static void readUser(String userAndPassword, Map<String, String> values) {
    int colon = userAndPassword.indexOf(':');
    String user = colon < 0 ? userAndPassword : userAndPassword.substring(0, colon);
    put("user", user, values);
    put("password", colon < 0 ? "" : userAndPassword.substring(colon + 1), values);
  }

  private static void readHosts(String text, Map<String, String> values) {
    List<String> hosts = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    for (String one : text.split(",", -1)) {
      int hostEnd = one.indexOf(':');
      if (one.startsWith("[")) {
        int bracket = one.indexOf(']');
        if (bracket <= 1 || (bracket + 1 < one.length() && one.charAt(bracket + 1) != ':')) {
          throw new IllegalArgumentException(
              "the URI from -d has a malformed IPv6 address; write it like"
                  + " postgresql://[2001:db8::1]:5432/shop");
        }
        hosts.add(one.substring(1, bracket));
        hostEnd = bracket + 1 < one.length() ? bracket + 1 : -1;
      } else {
        hosts.add(hostEnd < 0 ? one : one.substring(0, hostEnd));
      }
      ports.add(hostEnd < 0 ? "" : one.substring(hostEnd + 1));
    }
    put("host", String.join(",", hosts), values);
    put("port", String.join(",", ports), values);
  }

  /** Says nothing of a part that the URI leaves out. */
  private static void put(String name, String value, Map<String, String> values) {
    if (!value.isEmpty()) {
      values.put(name, decode(value));
    }
  }

  private static void readQuery(String query, Map<String, String> values) {
    int number = 0;
    for (String pair : query.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      number++;
      int equals = pair.indexOf('=');
      if (equals < 0 || equals != pair.lastIndexOf('=')) {
        throw new IllegalArgumentException(
            "parameter %d of the URI from -d is not name=value; in a value write %%3D for \"=\", %%26 for \"&\""
                .formatted(number));
      }
      String name = decode(pair.substring(0, equals));
      String value = decode(pair.substring(equals + 1));
      if (name.equals("ssl") && value.equals("true")) {
        values.put("sslmode", "require"); // as libpq does, for the sake of URLs meant for JDBC
      } else {
        Parameters.requireKnown(name, "the URI of -d");
        values.put(name, value);
      }
    }
  }

  /** Decodes %XX as UTF-8 bytes; unlike in web forms a plus is a plus. */
  private static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    var bytes = new ByteArrayOutputStream();
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] != '%') {
        bytes.write(encoded[i]);
        continue;
      }
      int high = i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
      int low = high < 0 ? -1 : Character.digit(encoded[i + 2], 16);
      if (low < 0 || high + low == 0) {
        throw new IllegalArgumentException(
            "the URI from -d has a \"%\" without the two hexadecimal digits of a character; write"
                + " %25 for \"%\"");
      }
      bytes.write(high << 4 | low);
      i += 2;
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /**
   * Takes pairs of key=value apart: spaces may stand around the equals sign, a value with spaces
   * stands in single quotes, a backslash takes the next character as it is.
   *
   * @return values by libpq's names
   * @throws IllegalArgumentException if the text is malformed or has an unknown name
   */
  static Map<String, String> parseKeyValues(String text) {
    var values = new LinkedHashMap<String, String>();
    var in = new Scanner(text);
    for (in.skipSpaces(); !in.atEnd(); in.skipSpaces()) {
      int start = in.at + 1;
      String name = in.name();
      in.skipSpaces();
      if (in.atEnd() || in.next() != '=') {
        throw new IllegalArgumentException(
            "-d, read as name=value pairs because it has a \"=\", has no \"=\" after the word at character %d; put a"
                    .formatted(start)
                + " value with spaces in single quotes");
      }
      if (!Parameters.isKnown(name) && values.containsKey("password")) {
        // The rest of a password with a space and an equals sign would look like this.
        throw new IllegalArgumentException(
            "the name at character %d of -d is not one that pgbackfill knows; if it belongs to the password, put that"
                    .formatted(start)
                + " in single quotes");
      }
      Parameters.requireKnown(name, "-d");
      in.skipSpaces();
      values.put(name, in.value());
    }
    return values;
  }

  private static final class Scanner {
    private final String text;
    private int at;

    Scanner(String text) {
      this.text = text;
    }

    boolean atEnd() {
      return at == text.length();
    }

    char next() {
      return text.charAt(at++);
    }

    void skipSpaces() {
      while (!atEnd() && isSpace(text.charAt(at))) {
        at++;
      }
    }

    String name() {
      int start = at;
      while (!atEnd() && text.charAt(at) != '=' && !isSpace(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    String value() {
      boolean quoted = !atEnd() && text.charAt(at) == '\'';
      int quote = at + 1;
      if (quoted) {
        at++;
      }
      var value = new StringBuilder();
      while (!atEnd()) {
        char c = next();
        if (quoted ? c == '\'' : isSpace(c)) {
          return value.toString();
        }
        if (c != '\\') {
          value.append(c);
        } else if (!atEnd()) {
          value.append(next());
        }
      }
      if (quoted) {
        throw new IllegalArgumentException(
            "the single quote at character %d of -d is never closed; close it, or write \\' for a quote in a value"
                .formatted(quote));
      }
      return value.toString();
    }

    private static boolean isSpace(char c) {
      return c == ' ' || (c >= '\t' && c <= '\r');
    }
  }
}
