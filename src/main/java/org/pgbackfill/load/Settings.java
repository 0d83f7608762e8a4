package org.pgbackfill.load;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.postgresql.PGProperty;

/**
 * What has been said about a connection so far. The first to settle a name is heard, so callers
 * offer values in the order of precedence. An empty value settles its name too, and leaves it to
 * the last default, as in libpq.
 */
final class Settings {
  /**
   * @param value what was said, never null, perhaps empty
   * @param source who said it, as the operator knows it: {@code -h}, {@code PGPORT}
   */
  record Setting(String value, String source) {}

  private final Map<String, Setting> own = new HashMap<>();
  private final Map<PGProperty, Setting> driver = new HashMap<>();

  /**
   * Takes a value by its libpq name, unless that is settled.
   *
   * @param value null says nothing
   * @throws IllegalArgumentException if the name is unknown, or the value is not one that the
   *     driver understands
   */
  void offer(String name, String value, String source) {
    if (value == null) {
      return;
    }
    Parameters.requireKnown(name, source);
    if (Parameters.isOwn(name)) {
      own.putIfAbsent(name, new Setting(value, source));
      return;
    }
    PGProperty property = Parameters.property(name);
    if (property != null && !driver.containsKey(property)) {
      offer(property, value.isEmpty() ? "" : Parameters.translate(name, value, source), source);
    } else if (property == null && !value.isEmpty()) {
      Parameters.requireIgnorable(name, value, source);
    }
  }

  /** Takes a value by its name in the driver, unless that is settled. */
  void offer(PGProperty property, String value, String source) {
    if (!value.isEmpty()) {
      Parameters.requireChoice(property, value, source);
    }
    driver.putIfAbsent(property, new Setting(value, source));
  }

  /** Unlike what is offered, a default also stands in for an empty value. */
  void offerDefault(PGProperty property, String value) {
    if (value(property).isEmpty()) {
      driver.put(property, new Setting(value, "default"));
    }
  }

  /** What was said about one of pgbackfill's own names, if that is more than an empty text. */
  Optional<Setting> get(String name) {
    return Optional.ofNullable(own.get(name)).filter(setting -> !setting.value().isEmpty());
  }

  Optional<String> value(String name) {
    return get(name).map(Setting::value);
  }

  Optional<String> value(PGProperty property) {
    return Optional.ofNullable(driver.get(property))
        .map(Setting::value)
        .filter(value -> !value.isEmpty());
  }

  /** Everything for the driver except who, where and the password. */
  Properties driverProperties() {
    var properties = new Properties();
    driver.forEach(
        (property, setting) -> {
          if (!setting.value().isEmpty()) {
            properties.setProperty(property.getName(), setting.value());
          }
        });
    return properties;
  }
}
