package org.pgbackfill.load;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import org.pgbackfill.load.Settings.Setting;
import org.postgresql.PGProperty;

/**
 * Where and as whom to connect, found out as psql does it, so that what works there works here.
 * Immutable. The password leaves only through {@link #properties()}.
 */
public final class ConnectionSpec {
  /**
   * Environment variables and the parameters that they stand for (PostgreSQL 15, 34.15 Environment
   * Variables).
   */
  private static final Map<String, String> ENVIRONMENT =
      Map.ofEntries(
          Map.entry("PGHOST", "host"),
          Map.entry("PGHOSTADDR", "hostaddr"),
          Map.entry("PGPORT", "port"),
          Map.entry("PGUSER", "user"),
          Map.entry("PGDATABASE", "dbname"),
          Map.entry("PGPASSWORD", "password"),
          Map.entry("PGPASSFILE", "passfile"),
          Map.entry("PGAPPNAME", "application_name"),
          Map.entry("PGCHANNELBINDING", "channel_binding"),
          Map.entry("PGCONNECT_TIMEOUT", "connect_timeout"),
          Map.entry("PGGSSENCMODE", "gssencmode"),
          Map.entry("PGKRBSRVNAME", "krbsrvname"),
          Map.entry("PGLOADBALANCEHOSTS", "load_balance_hosts"),
          Map.entry("PGOPTIONS", "options"),
          Map.entry("PGREQUIREAUTH", "require_auth"),
          Map.entry("PGSSLCERT", "sslcert"),
          Map.entry("PGSSLKEY", "sslkey"),
          Map.entry("PGSSLMODE", "sslmode"),
          Map.entry("PGSSLNEGOTIATION", "sslnegotiation"),
          Map.entry("PGSSLROOTCERT", "sslrootcert"),
          Map.entry("PGTARGETSESSIONATTRS", "target_session_attrs"));

  /** Variables that make a connection safer and that the driver cannot honour. */
  private static final List<String> NOT_HONOURED =
      List.of("PGSSLCRL", "PGSSLCRLDIR", "PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION");

  private final List<Endpoint> endpoints;
  private final String user;
  private final String database;
  private final Properties properties;
  private final List<String> notices;

  /**
   * What the operator typed. Each component is null if it was not given; an empty one counts as not
   * given.
   *
   * @param host {@code -h}: a host name or IP address, or several with commas between
   * @param port {@code -p}
   * @param username {@code -U}
   * @param dbname {@code -d}: a database's name, a {@code postgresql://} URI, {@code key=value}
   *     pairs, or a {@code jdbc:postgresql:} URL
   * @param password the answer to the prompt of {@code -W}; the caller may wipe the array after
   *     {@link #resolve}, which takes its text over
   */
  @SuppressWarnings("ArrayRecordComponent") // a password that can be wiped, never compared
  public record Given(String host, String port, String username, String dbname, char[] password) {
    /** Without the database, whose text may hold a password, and without the password. */
    @Override
    public String toString() {
      return "Given[host=%s, port=%s, username=%s]".formatted(host, port, username);
    }
  }

  private ConnectionSpec(
      List<Endpoint> endpoints,
      String user,
      String database,
      Properties properties,
      List<String> notices) {
    this.endpoints = endpoints;
    this.user = user;
    this.database = database;
    this.properties = properties;
    this.notices = List.copyOf(notices);
  }

  /**
   * Finds out where and as whom to connect. In order of precedence (PostgreSQL 15, 34.1.2 Parameter
   * Key Words): what a connection string in {@code -d} says, the other options, the service file,
   * the environment, defaults. The defaults are libpq's except for the host, which is localhost
   * because the driver does not reach unix sockets, and these of pgbackfill: {@code connectTimeout}
   * 10 seconds, {@code tcpKeepAlive} on, {@code ApplicationName} pgbackfill.
   *
   * <p>The password is the prompted one, else that of the connection string, the service or
   * PGPASSWORD, else the first that the password file has for one of the hosts.
   *
   * <p>As in libpq, {@code sslmode=require} checks the server's certificate when a root certificate
   * is at hand, which the driver knows as {@code verify-ca}; a JDBC URL means what the driver means
   * by it.
   *
   * @param given what the operator typed
   * @param env the environment variables
   * @param systemProperties for {@code user.name}, {@code user.home}, {@code os.name}
   * @throws IllegalArgumentException if something given cannot be understood or granted; the
   *     message is for the operator and holds no password
   */
  public static ConnectionSpec resolve(
      Given given, Map<String, String> env, Properties systemProperties) {
    var settings = new Settings();
    var files = UserFiles.of(env, systemProperties);
    List<String> notices = new ArrayList<>();

    readOptions(given, settings);
    readService(env, files, settings);
    readEnvironment(env, settings, notices);
    readDefaults(settings);

    List<Endpoint> endpoints = Endpoint.list(settings);
    noteAddresses(settings, notices);
    String user = settings.value("user").orElseGet(() -> systemUser(systemProperties));
    String database = settings.value("dbname").orElse(user);
    Properties properties = settings.driverProperties();
    if (given.dbname() == null || !JdbcUrl.isOne(given.dbname())) {
      strengthenRequire(files, properties);
    }
    properties.setProperty("user", user);
    // Never null: without a password the driver would search the password file itself, even one
    // that is open to others.
    properties.setProperty(
        "password",
        prompted(given)
            .or(() -> settings.value("password"))
            .or(() -> filed(endpoints, database, user, settings, files, notices))
            .orElse(""));
    return new ConnectionSpec(endpoints, user, database, properties, notices);
  }

  private static void readOptions(Given given, Settings settings) {
    String dbname = Objects.requireNonNullElse(given.dbname(), "");
    if (JdbcUrl.isOne(dbname)) {
      JdbcUrl.read(dbname, settings);
    } else if (dbname.startsWith("jdbc:")) {
      throw new IllegalArgumentException(
          "the JDBC URL from -d is not for PostgreSQL; expected"
              + " jdbc:postgresql://host:port/database");
    } else if (ConnectionString.isUri(dbname)) {
      ConnectionString.parseUri(dbname).forEach((name, value) -> settings.offer(name, value, "-d"));
    } else if (ConnectionString.isKeyValues(dbname)) {
      ConnectionString.parseKeyValues(dbname)
          .forEach((name, value) -> settings.offer(name, value, "-d"));
    } else {
      offerUnlessEmpty("dbname", dbname, "-d", settings);
    }
    offerUnlessEmpty("host", given.host(), "-h", settings);
    offerUnlessEmpty("port", given.port(), "-p", settings);
    offerUnlessEmpty("user", given.username(), "-U", settings);
  }

  private static void offerUnlessEmpty(
      String name, String value, String source, Settings settings) {
    if (value != null && !value.isEmpty()) {
      settings.offer(name, value, source);
    }
  }

  private static void readService(Map<String, String> env, UserFiles files, Settings settings) {
    settings.offer("service", env.get("PGSERVICE"), "PGSERVICE");
    Optional<Setting> service = settings.get("service");
    if (service.isPresent()) {
      ServiceFile.read(service.get().value(), service.get().source(), env, files, settings);
    }
  }

  private static void readEnvironment(
      Map<String, String> env, Settings settings, List<String> notices) {
    ENVIRONMENT.forEach((variable, name) -> settings.offer(name, env.get(variable), variable));
    if (env.getOrDefault("PGREQUIRESSL", "").startsWith("1")) {
      settings.offer("sslmode", "require", "PGREQUIRESSL");
    }
    for (String variable : NOT_HONOURED) {
      if (!env.getOrDefault(variable, "").isEmpty()) {
        notices.add(
            "%s is set, but the JDBC driver has no such setting; it has no effect"
                .formatted(variable));
      }
    }
  }

  private static void readDefaults(Settings settings) {
    settings.offerDefault(PGProperty.CONNECT_TIMEOUT, "10");
    settings.offerDefault(PGProperty.TCP_KEEP_ALIVE, "true");
    settings.offerDefault(
        PGProperty.APPLICATION_NAME,
        settings.value("fallback_application_name").orElse("pgbackfill"));
  }

  private static void noteAddresses(Settings settings, List<String> notices) {
    Optional<Setting> host = settings.get("host");
    Optional<Setting> address = settings.get("hostaddr");
    if (host.isPresent() && address.isPresent()) {
      notices.add(
          "hostaddr %s from %s is where to connect; host %s from %s only finds the password, and verify-full checks the certificate against the address"
              .formatted(
                  address.get().value(),
                  address.get().source(),
                  host.get().value(),
                  host.get().source()));
    }
  }

  /**
   * The driver checks no certificate with {@code require}; libpq does if it has a root certificate
   * to check with.
   */
  private static void strengthenRequire(UserFiles files, Properties properties) {
    String name = PGProperty.SSL_ROOT_CERT.getName();
    Optional<Path> root =
        Optional.ofNullable(properties.getProperty(name)).map(Path::of).or(files::rootCertificate);
    if ("require".equals(properties.getProperty(PGProperty.SSL_MODE.getName()))
        && root.filter(Files::exists).isPresent()) {
      properties.setProperty(PGProperty.SSL_MODE.getName(), "verify-ca");
      properties.setProperty(name, root.get().toString());
    }
  }

  private static String systemUser(Properties systemProperties) {
    String user = systemProperties.getProperty("user.name", "");
    if (user.isBlank() || user.equals("?")) { // the JVM's word for a uid without a name
      throw new IllegalArgumentException("no user name is given and the system knows none; use -U");
    }
    return user;
  }

  private static Optional<String> prompted(Given given) {
    return Optional.ofNullable(given.password()).filter(typed -> typed.length > 0).map(String::new);
  }

  private static Optional<String> filed(
      List<Endpoint> endpoints,
      String database,
      String user,
      Settings settings,
      UserFiles files,
      List<String> notices) {
    Optional<Path> path = settings.value("passfile").map(Path::of).or(files::passwordFile);
    if (path.isEmpty()) {
      return Optional.empty();
    }
    var file = PasswordFile.read(path.get(), notices::add);
    Map<String, String> byPassword = new LinkedHashMap<>();
    for (Endpoint endpoint : endpoints) {
      file.find(endpoint.name(), endpoint.port(), database, user)
          .ifPresent(password -> byPassword.putIfAbsent(password, endpoint.toString()));
    }
    if (byPassword.size() > 1) {
      notices.add(
          "password file %s has different passwords for the hosts; the JDBC driver takes one, that of %s"
              .formatted(path.get(), byPassword.values().iterator().next()));
    }
    return byPassword.keySet().stream().findFirst();
  }

  /** The first host to try: a name, or an address without brackets. */
  public String host() {
    return endpoints.get(0).host();
  }

  /** The port at the first host, 1 to 65535. */
  public int port() {
    return endpoints.get(0).port();
  }

  /** The role to connect as. */
  public String user() {
    return user;
  }

  /** The name of the database. */
  public String database() {
    return database;
  }

  /** The JDBC URL: hosts, ports and the database, nothing else, so it may be shown. */
  public String url() {
    return JdbcUrl.of(endpoints, database);
  }

  /**
   * Everything else for the driver, under its own names, with user and password. The password is
   * empty if there is none. Hold on to it no longer than needed and show it nobody.
   *
   * @return the caller's own copy
   */
  public Properties properties() {
    var copy = new Properties();
    copy.putAll(properties);
    return copy;
  }

  /**
   * What the operator should know although the connection may well work; in order, without a
   * secret.
   */
  public List<String> notices() {
    return notices;
  }

  /** The connection in words: {@code host localhost, port 5432, user ann, database shop}. */
  public String describe() {
    String where =
        endpoints.size() == 1
            ? "host %s, port %d".formatted(host(), port())
            : "hosts " + joinedEndpoints();
    return "%s, user %s, database %s".formatted(where, user, database);
  }

  /** The connection in one word: {@code ann@localhost:5432/shop}. */
  public String target() {
    return "%s@%s/%s".formatted(user, joinedEndpoints(), database);
  }

  private String joinedEndpoints() {
    return endpoints.stream().map(Endpoint::toString).collect(Collectors.joining(","));
  }

  /** The same as {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
