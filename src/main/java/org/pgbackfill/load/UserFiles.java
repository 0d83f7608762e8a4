package org.pgbackfill.load;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Where a user's files for libpq are: in the home directory, on Windows in {@code
 * %APPDATA%\postgresql}.
 *
 * @param directory the one or the other, empty if the system tells none
 * @param windows whether this is Windows, where some names differ
 */
record UserFiles(Optional<Path> directory, boolean windows) {
  static UserFiles of(Map<String, String> env, Properties systemProperties) {
    boolean windows =
        systemProperties.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
    if (windows) {
      return new UserFiles(
          path(env.get("APPDATA")).map(appData -> appData.resolve("postgresql")), true);
    }
    return new UserFiles(
        path(env.get("HOME")).or(() -> path(systemProperties.getProperty("user.home"))), false);
  }

  private static Optional<Path> path(String text) {
    return Optional.ofNullable(text).filter(given -> !given.isEmpty()).map(Path::of);
  }

  Optional<Path> passwordFile() {
    return directory.map(home -> home.resolve(windows ? "pgpass.conf" : ".pgpass"));
  }

  Optional<Path> serviceFile() {
    return directory.map(home -> home.resolve(".pg_service.conf"));
  }

  Optional<Path> rootCertificate() {
    return directory.map(home -> home.resolve(windows ? "root.crt" : ".postgresql/root.crt"));
  }
}
