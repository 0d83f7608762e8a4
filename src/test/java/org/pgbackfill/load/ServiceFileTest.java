package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceFileTest {
  @TempDir Path home;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(home.resolve(name), text);
  }

  private Operator operator() {
    return new Operator().home(home);
  }

  @Test
  void serviceStandsBetweenOptionsAndEnvironment() throws IOException {
    write(
        ".pg_service.conf",
        """
        # a comment
        [other]
        host=wrong
        [shop]
          host=db1
        port=5433

        user=ann
        dbname=first
        dbname=second
        password=hush
        [shop]
        host=late
        """);
    var operator =
        operator()
            .env("PGSERVICE", "shop")
            .env("PGHOST", "e")
            .env("PGPASSWORD", "x")
            .env("PGAPPNAME", "mine");
    assertEquals("ann@db1:5433/first", operator.target());
    assertEquals("hush", operator.passwordSent());
    assertEquals("mine", operator.property("ApplicationName"));
    assertEquals("bob@db1:5433/stock", operator.username("bob").dbname("stock").target());
    assertEquals("bob@db2:5433/first", operator.dbname("host=db2").target());
    assertEquals("wrong", operator.dbname("postgresql://?service=other").connection().host());
  }

  @Test
  void usersFileComesBeforeTheSystems() throws IOException {
    Path system = Files.createDirectory(home.resolve("etc"));
    Files.writeString(system.resolve("pg_service.conf"), "[shop]\nhost=sys\n[stock]\nhost=sys\n");
    var operator = operator().env("PGSYSCONFDIR", system.toString());
    assertEquals("sys", operator.dbname("service=shop").connection().host());
    write(".pg_service.conf", "[shop]\nhost=mine\n");
    assertEquals("mine", operator.connection().host());
    assertEquals("sys", operator.dbname("service=stock").connection().host());
    Path named = write("named.conf", "[shop]\nhost=named\n");
    operator.env("PGSERVICEFILE", named.toString());
    assertEquals("named", operator.dbname("service=shop").connection().host());
  }

  @Test
  void fileIsInAppDataOnWindows() throws IOException {
    Path directory = Files.createDirectory(home.resolve("postgresql"));
    Files.writeString(directory.resolve(".pg_service.conf"), "[shop]\r\nhost=db1\r\n");
    var operator = new Operator().system("os.name", "Windows 11").env("APPDATA", home.toString());
    assertEquals("osuser@db1:5432/osuser", operator.dbname("service=shop").target());
  }

  @Test
  void unknownServiceIsRefusedWithTheFilesLookedAt() throws IOException {
    Path own = home.resolve(".pg_service.conf");
    assertEquals(
        "service \"shop\" from PGSERVICE is not defined in "
            + own
            + "; correct the name, or set PGSERVICEFILE",
        operator().env("PGSERVICE", "shop").refusal());
    write(".pg_service.conf", "[shopping]\nhost=db1\n");
    assertEquals(
        "service \"shop\" from -d is not defined in "
            + own
            + " or "
            + home.resolve("pg_service.conf")
            + "; correct the name, or set PGSERVICEFILE",
        operator().dbname("service=shop").env("PGSYSCONFDIR", home.toString()).refusal());
  }

  @Test
  void missingNamedFileIsRefused() {
    String missing = home.resolve("missing").toString();
    assertEquals(
        "service file " + missing + " from PGSERVICEFILE does not exist; correct PGSERVICEFILE",
        operator().dbname("service=shop").env("PGSERVICEFILE", missing).refusal());
  }

  @Test
  void unreadableFileIsRefused() {
    assertEquals(
        "service file " + home + " cannot be read; make it readable or unset the service",
        operator().dbname("service=shop").env("PGSERVICEFILE", home.toString()).refusal());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "s3cret | is not name=value; write it so, without a space before the \"=\"",
        "password = s3cret | is not name=value; write it so, without a space before the \"=\"",
        "ldap://h/s3cret=x | is not name=value; write it so, without a space before the \"=\"; LDAP"
            + " look-ups are not supported",
        "service=other | names another service; take that line out",
      })
  void badLineIsRefusedWithItsPlace(String line, String message) throws IOException {
    Path file = write(".pg_service.conf", "[shop]\nhost=db1\n" + line + "\n");
    assertEquals(
        "service shop (" + file + " line 3) " + message,
        operator().dbname("service=shop").refusal());
  }

  @Test
  void badValueIsRefusedWithItsPlace() throws IOException {
    Path file = write(".pg_service.conf", "[shop]\nport=x\n");
    assertEquals(
        "port from service shop ("
            + file
            + " line 2) is \"x\"; expected a number from 1 to 65535, or nothing for 5432",
        operator().dbname("service=shop").refusal());
    write(".pg_service.conf", "[shop]\nkeepalives_idle=5\n");
    String refusal = operator().dbname("service=shop").refusal();
    assertTrue(
        refusal.startsWith(
            "parameter \"keepalives_idle\" from service shop (" + file + " line 2) is not one"),
        refusal);
  }
}
