package org.pgbackfill.load;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * A {@code jdbc:postgresql:} URL, understood as the driver understands it: host and port that it
 * leaves out are localhost and 5432, whatever the environment says, and its parameters have the
 * driver's names.
 */
final class JdbcUrl {
  private static final String PREFIX = "jdbc:postgresql:";
  private static final String SOURCE = "the JDBC URL of -d";

  private JdbcUrl() {}

  static boolean isOne(String text) {
    return text.startsWith(PREFIX);
  }

  /**
   * Settles what the URL says.
   *
   * @throws IllegalArgumentException if the URL is malformed or has an unknown parameter
   */
  static void read(String url, Settings settings) {
    int question = url.indexOf('?');
    if (question >= 0) {
      readParameters(url.substring(question + 1), settings);
    }
    // Without the parameters: the driver would log a faulty URL with its password, and look for a
    // service in the
    // environment of the process.
    readPlace(question < 0 ? url : url.substring(0, question), settings);
  }

  private static void readPlace(String url, Settings settings) {
    if (url.indexOf('@') >= 0) {
      throw new IllegalArgumentException(
          "the JDBC URL from -d has an \"@\"; there user and password are parameters"
              + " (?user=ann&password=...), or write postgresql:// without jdbc:");
    }
    var unsaid = new Properties();
    // With a user and a password at hand the driver looks for neither in files or in the system.
    unsaid.setProperty("user", "");
    unsaid.setProperty("password", "");
    Properties place = Driver.parseURL(url, unsaid);
    if (place == null) {
      throw new IllegalArgumentException(
          "the JDBC URL from -d is malformed; expected jdbc:postgresql://host:port/database");
    }
    settings.offer("host", place.getProperty("PGHOST"), "-d");
    settings.offer("hostaddr", "", "-d");
    settings.offer("port", place.getProperty("PGPORT"), "-d");
    String database = place.getProperty("PGDBNAME", "");
    if (!database.isEmpty()) {
      settings.offer("dbname", database, "-d");
    }
  }

  private static void readParameters(String query, Settings settings) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String pair : query.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        values.put(
            equals < 0 ? pair : pair.substring(0, equals),
            equals < 0 ? "" : decode(pair.substring(equals + 1)));
      }
    }
    String ssl = values.remove("ssl");
    if (ssl != null) {
      // The driver's rule for its older switch; said in the newer words, or PGSSLMODE would be
      // heard instead.
      values.putIfAbsent(
          "sslmode", ssl.isEmpty() || Boolean.parseBoolean(ssl) ? "verify-full" : "prefer");
    }
    values.forEach((name, value) -> readParameter(name, value, settings));
  }

  private static void readParameter(String name, String value, Settings settings) {
    switch (name) {
      case "user", "password" -> settings.offer(name, value, "-d");
      case "host", "PGHOST" -> settings.offer("host", value, "-d");
      case "port", "PGPORT" -> settings.offer("port", value, "-d");
      case "dbname", "PGDBNAME" -> settings.offer("dbname", value, "-d");
      case "service" ->
          throw new IllegalArgumentException(
              "the JDBC URL from -d names a service; write -d service=NAME without a URL, or set"
                  + " PGSERVICE");
      default -> {
        PGProperty property = PGProperty.forName(name);
        if (property == null) {
          throw new IllegalArgumentException(
              "parameter \"%s\" from %s is not one that the driver knows; correct it or take it out"
                  .formatted(name, SOURCE));
        }
        settings.offer(property, value, SOURCE);
      }
    }
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // Its message quotes the text.
      throw new IllegalArgumentException(
          "the JDBC URL from -d has a \"%\" without the two hexadecimal digits of a character;"
              + " write %25 for \"%\"");
    }
  }

  /** The URL of a place, with nothing else in it. */
  static String of(Iterable<Endpoint> endpoints, String database) {
    var url = new StringBuilder(PREFIX).append("//");
    String separator = "";
    for (Endpoint endpoint : endpoints) {
      url.append(separator).append(endpoint);
      separator = ",";
    }
    return url.append('/').append(URLEncoder.encode(database, StandardCharsets.UTF_8)).toString();
  }
}
