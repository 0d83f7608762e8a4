package org.pgbackfill.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The connection service file (PostgreSQL 15, 34.17): named groups of parameters. The user's file,
 * which PGSERVICEFILE may name, comes before {@code pg_service.conf} in PGSYSCONFDIR; the first
 * group of a name counts. The system-wide directory that was compiled into a libpq is not known
 * here, so without PGSYSCONFDIR there is none.
 */
final class ServiceFile {
  private ServiceFile() {}

  /**
   * Settles what the service says, as far as that is open.
   *
   * @param source who named the service, for messages
   * @throws IllegalArgumentException if no file has the service, or a line of it cannot be
   *     understood
   */
  static void read(
      String service, String source, Map<String, String> env, UserFiles files, Settings settings) {
    List<Path> looked = new ArrayList<>();
    String named = env.get("PGSERVICEFILE");
    if (named != null && !named.isEmpty()) {
      if (!Files.exists(Path.of(named))) {
        throw new IllegalArgumentException(
            "service file %s from PGSERVICEFILE does not exist; correct PGSERVICEFILE"
                .formatted(named));
      }
      looked.add(Path.of(named));
    } else {
      files.serviceFile().ifPresent(looked::add);
    }
    String systemDirectory = env.get("PGSYSCONFDIR");
    if (systemDirectory != null && !systemDirectory.isEmpty()) {
      looked.add(Path.of(systemDirectory, "pg_service.conf"));
    }
    for (Path file : looked) {
      if (Files.exists(file) && readGroup(file, service, settings)) {
        return;
      }
    }
    throw new IllegalArgumentException(
        "service \"%s\" from %s is not defined in %s; correct the name, or set PGSERVICEFILE"
            .formatted(service, source, looked.isEmpty() ? "any file" : join(looked)));
  }

  private static String join(List<Path> files) {
    return String.join(" or ", files.stream().map(Path::toString).toList());
  }

  private static boolean readGroup(Path file, String service, Settings settings) {
    boolean found = false;
    int number = 0;
    for (String raw : lines(file)) {
      number++;
      String line = raw.strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (line.startsWith("[")) {
        if (found) {
          return true;
        }
        found = line.startsWith("[" + service + "]");
      } else if (found) {
        readLine(line, "service %s (%s line %d)".formatted(service, file, number), settings);
      }
    }
    return found;
  }

  private static void readLine(String line, String source, Settings settings) {
    int equals = line.indexOf('=');
    if (line.startsWith("ldap") || equals < 1 || Character.isWhitespace(line.charAt(equals - 1))) {
      throw new IllegalArgumentException(
          "%s is not name=value; write it so, without a space before the \"=\"%s"
              .formatted(
                  source, line.startsWith("ldap") ? "; LDAP look-ups are not supported" : ""));
    }
    String name = line.substring(0, equals);
    if (name.equals("service")) {
      throw new IllegalArgumentException(
          "%s names another service; take that line out".formatted(source));
    }
    settings.offer(name, line.substring(equals + 1), source);
  }

  private static List<String> lines(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "service file %s cannot be read; make it readable or unset the service".formatted(file),
          e);
    }
  }
}
