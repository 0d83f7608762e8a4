package org.pgbackfill.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The password file (PostgreSQL 15, 34.16): lines of {@code host:port:database:user:password}, of
 * which the first that matches counts. A field {@code *} matches everything, a backslash takes the
 * next character as it is.
 */
final class PasswordFile {
  private static final int FIELDS = 5;
  private static final Set<PosixFilePermission> FORBIDDEN =
      EnumSet.complementOf(
          EnumSet.of(
              PosixFilePermission.OWNER_READ,
              PosixFilePermission.OWNER_WRITE,
              PosixFilePermission.OWNER_EXECUTE));

  private final List<List<String>> entries;

  private PasswordFile(List<List<String>> entries) {
    this.entries = entries;
  }

  /**
   * Reads the file. One that does not exist has no entries; neither has one that cannot be used,
   * but that is told.
   *
   * @param notices hears why a file is not used
   */
  static PasswordFile read(Path file, Consumer<String> notices) {
    List<List<String>> entries = new ArrayList<>();
    try {
      if (Files.exists(file) && isUsable(file, notices)) {
        new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(PasswordFile::fields)
            .filter(fields -> fields.size() >= FIELDS)
            .forEach(entries::add);
      }
    } catch (IOException e) {
      notices.accept("password file %s cannot be read and is not used".formatted(file));
    }
    return new PasswordFile(entries);
  }

  private static boolean isUsable(Path file, Consumer<String> notices) throws IOException {
    if (!Files.isRegularFile(file)) {
      notices.accept("password file %s is not a plain file and is not used".formatted(file));
      return false;
    }
    var view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    if (view == null) {
      return true; // no such permissions here; libpq on Windows does not check either
    }
    Set<PosixFilePermission> permissions = view.readAttributes().permissions();
    if (permissions.stream().noneMatch(FORBIDDEN::contains)) {
      return true;
    }
    notices.accept(
        "password file %s is open to others (%s) and is not used; run chmod 600 %s"
            .formatted(file, PosixFilePermissions.toString(permissions), file));
    return false;
  }

  /** Fields as they stand, backslashes and all, so that an escaped star is no wildcard. */
  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < line.length(); i++) {
      if (line.charAt(i) == '\\') {
        i++;
      } else if (line.charAt(i) == ':') {
        fields.add(line.substring(start, i));
        start = i + 1;
      }
    }
    fields.add(line.substring(start));
    return fields;
  }

  /** The password of the first matching line; an empty one is none. */
  Optional<String> find(String host, int port, String database, String user) {
    List<String> wanted = List.of(host, String.valueOf(port), database, user);
    return entries.stream()
        .filter(entry -> matches(entry, wanted))
        .findFirst()
        .map(entry -> unescape(entry.get(FIELDS - 1)))
        .filter(password -> !password.isEmpty());
  }

  private static boolean matches(List<String> entry, List<String> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      if (!entry.get(i).equals("*") && !unescape(entry.get(i)).equals(wanted.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static String unescape(String field) {
    var text = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      if (field.charAt(i) == '\\' && i + 1 < field.length()) {
        i++;
      }
      text.append(field.charAt(i));
    }
    return text.toString();
  }
}
