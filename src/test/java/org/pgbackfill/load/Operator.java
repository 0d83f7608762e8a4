package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** What an operator types and has set, on a machine of the test's making. */
final class Operator {
  private final Map<String, String> env = new HashMap<>();
  private final Properties system = new Properties();
  private String host;
  private String port;
  private String username;
  private String dbname;
  private char[] password;

  Operator() {
    system.setProperty("user.name", "osuser");
    system.setProperty("user.home", "/nowhere/home");
    system.setProperty("os.name", "Linux");
  }

  Operator host(String value) {
    host = value;
    return this;
  }

  Operator port(String value) {
    port = value;
    return this;
  }

  Operator username(String value) {
    username = value;
    return this;
  }

  Operator dbname(String value) {
    dbname = value;
    return this;
  }

  Operator password(String value) {
    password = value.toCharArray();
    return this;
  }

  Operator env(String name, String value) {
    env.put(name, value);
    return this;
  }

  Operator system(String name, String value) {
    system.setProperty(name, value);
    return this;
  }

  Operator home(Path directory) {
    return env("HOME", directory.toString());
  }

  ConnectionSpec.Given given() {
    return new ConnectionSpec.Given(host, port, username, dbname, password);
  }

  ConnectionSpec connection() {
    return ConnectionSpec.resolve(given(), env, system);
  }

  String target() {
    return connection().target();
  }

  String passwordSent() {
    return property("password");
  }

  String property(String name) {
    return connection().properties().getProperty(name);
  }

  String refusal() {
    return assertThrows(IllegalArgumentException.class, this::connection).getMessage();
  }
}
