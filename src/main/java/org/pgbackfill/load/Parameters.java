package org.pgbackfill.load;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.postgresql.PGProperty;

/**
 * libpq's parameter names (PostgreSQL 15, 34.1.2 Parameter Key Words) and what the driver calls the
 * same. A parameter that the driver has no match for is refused, not dropped: an operator who asks
 * for a revocation list must not silently go without.
 */
final class Parameters {
  /** Names that decide where, as whom and with which password; the rest goes to the driver. */
  private static final Set<String> OWN =
      Set.of(
          "host",
          "hostaddr",
          "port",
          "user",
          "dbname",
          "password",
          "passfile",
          "service",
          "fallback_application_name");

  private static final Map<String, PGProperty> DRIVER =
      Map.ofEntries(
          Map.entry("application_name", PGProperty.APPLICATION_NAME),
          Map.entry("channel_binding", PGProperty.CHANNEL_BINDING),
          Map.entry("connect_timeout", PGProperty.CONNECT_TIMEOUT),
          Map.entry("gssencmode", PGProperty.GSS_ENC_MODE),
          Map.entry("keepalives", PGProperty.TCP_KEEP_ALIVE),
          Map.entry("krbsrvname", PGProperty.KERBEROS_SERVER_NAME),
          Map.entry("load_balance_hosts", PGProperty.LOAD_BALANCE_HOSTS),
          Map.entry("options", PGProperty.OPTIONS),
          Map.entry("require_auth", PGProperty.REQUIRE_AUTH),
          Map.entry("sslcert", PGProperty.SSL_CERT),
          Map.entry("sslkey", PGProperty.SSL_KEY),
          Map.entry("sslmode", PGProperty.SSL_MODE),
          Map.entry("sslnegotiation", PGProperty.SSL_NEGOTIATION),
          Map.entry("sslpassword", PGProperty.SSL_PASSWORD),
          Map.entry("sslrootcert", PGProperty.SSL_ROOT_CERT),
          Map.entry("target_session_attrs", PGProperty.TARGET_SERVER_TYPE));

  private static final String CLIENT_ENCODING = "client_encoding";

  private static final Map<String, String> SERVER_TYPES =
      Map.of(
          "any", "any",
          "read-write", "primary",
          "primary", "primary",
          "read-only", "secondary",
          "standby", "secondary",
          "prefer-standby", "preferSecondary");

  private Parameters() {}

  static boolean isKnown(String name) {
    return OWN.contains(name) || DRIVER.containsKey(name) || name.equals(CLIENT_ENCODING);
  }

  static boolean isOwn(String name) {
    return OWN.contains(name);
  }

  /** The driver's name for a parameter, null if the driver needs none. */
  static PGProperty property(String name) {
    return DRIVER.get(name);
  }

  static void requireKnown(String name, String source) {
    if (!isKnown(name)) {
      throw new IllegalArgumentException(
          "parameter \"%s\" from %s is not one that pgbackfill knows; %s"
              .formatted(name, source, knownNames()));
    }
  }

  /** How a message about an unknown name ends. */
  static String knownNames() {
    var names = new TreeSet<>(OWN);
    names.addAll(DRIVER.keySet());
    names.add(CLIENT_ENCODING);
    return "correct it or take it out; known are " + String.join(", ", names);
  }

  /** The driver's word for a parameter's value. */
  static String translate(String name, String value, String source) {
    return switch (name) {
      // Zero and less wait for ever in libpq, zero does in the driver; both count seconds.
      case "connect_timeout" -> String.valueOf(Math.max(0, integer(name, value, source)));
      case "keepalives" -> String.valueOf(integer(name, value, source) != 0);
      case "target_session_attrs" -> {
        String type = SERVER_TYPES.get(value);
        if (type == null) {
          throw refused(
              name,
              value,
              source,
              "any, prefer-standby, primary, read-only, read-write or standby");
        }
        yield type;
      }
      case "load_balance_hosts" ->
          switch (value) {
            case "disable" -> "false";
            case "random" -> "true";
            default -> throw refused(name, value, source, "disable or random");
          };
      case "sslrootcert" -> {
        if (value.equals("system")) {
          throw refused(
              name, value, source, "a file of CA certificates; the JDBC driver has no \"system\"");
        }
        yield value;
      }
      default -> value;
    };
  }

  /** The driver talks UTF-8 and nothing else, so only a wish for that can be granted. */
  static void requireIgnorable(String name, String value, String source) {
    if (!Set.of("auto", "utf8", "utf-8", "unicode").contains(value.toLowerCase(Locale.ROOT))) {
      throw refused(name, value, source, "UTF8, which the JDBC driver always talks");
    }
  }

  static void requireChoice(PGProperty property, String value, String source) {
    String[] choices = property.getChoices();
    // requireAuth takes a list of its choices.
    if (choices != null
        && property != PGProperty.REQUIRE_AUTH
        && Arrays.stream(choices).noneMatch(value::equalsIgnoreCase)) {
      throw refused(property.getName(), value, source, "one of " + String.join(", ", choices));
    }
  }

  static IllegalArgumentException refused(
      String name, String value, String source, String expected) {
    return new IllegalArgumentException(
        "%s from %s is \"%s\"; expected %s".formatted(name, source, value, expected));
  }

  private static int integer(String name, String value, String source) {
    try {
      return Integer.parseInt(value.strip());
    } catch (NumberFormatException e) {
      throw refused(name, value, source, "a whole number");
    }
  }
}
