package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

class ConnectionSpecTest {
  private static Operator operator() {
    return new Operator();
  }

  @Test
  void nothingGivenMeansTheSystemUsersDatabaseOnLocalhost() {
    ConnectionSpec connection = operator().connection();
    assertEquals("host localhost, port 5432, user osuser, database osuser", connection.describe());
    assertEquals("osuser@localhost:5432/osuser", connection.target());
    assertEquals("jdbc:postgresql://localhost:5432/osuser", connection.url());
    assertEquals("localhost", connection.host());
    assertEquals(5432, connection.port());
    assertEquals("osuser", connection.user());
    assertEquals("osuser", connection.database());
    assertEquals(List.of(), connection.notices());
  }

  @Test
  void defaultsBoundTheWaitAndNameTheProgram() {
    var expected = new Properties();
    expected.setProperty("user", "osuser");
    expected.setProperty("password", "");
    expected.setProperty("connectTimeout", "10");
    expected.setProperty("tcpKeepAlive", "true");
    expected.setProperty("ApplicationName", "pgbackfill");
    assertEquals(expected, operator().connection().properties());
  }

  @Test
  void propertiesAreTheCallersOwn() {
    ConnectionSpec connection = operator().connection();
    connection.properties().clear();
    assertEquals("osuser", connection.properties().getProperty("user"));
  }

  @Test
  void optionsBeatTheEnvironment() {
    var operator =
        operator()
            .env("PGHOST", "e")
            .env("PGPORT", "1")
            .env("PGUSER", "eve")
            .env("PGDATABASE", "env");
    assertEquals("eve@e:1/env", operator.target());
    operator.host("db1").port("5433").username("ann").dbname("shop");
    assertEquals("ann@db1:5433/shop", operator.target());
  }

  @Test
  void whatIsGivenEmptyIsNotGiven() {
    assertEquals(
        "osuser@e:5432/osuser",
        operator()
            .host("")
            .port("")
            .username("")
            .dbname("")
            .env("PGHOST", "e")
            .env("PGPORT", "")
            .target());
  }

  /** As psql does it: the options come first, then -d overrides what it names. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "host=db2 port=6432 user=bob dbname=stock",
        "postgresql://bob@db2:6432/stock",
        "jdbc:postgresql://db2:6432/stock?user=bob"
      })
  void connectionStringBeatsTheOptions(String dbname) {
    assertEquals(
        "bob@db2:6432/stock",
        operator().host("db1").port("5433").username("ann").dbname(dbname).target());
  }

  @Test
  void databaseIsTheUsersIfNoneIsNamed() {
    assertEquals("ann@localhost:5432/ann", operator().username("ann").target());
    assertEquals("bob@localhost:5432/bob", operator().dbname("user=bob").target());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "postgresql:// | osuser@localhost:5432/osuser",
        "postgres://db1 | osuser@db1:5432/osuser",
        "postgresql://db1:5433 | osuser@db1:5433/osuser",
        "postgresql://db1/shop | osuser@db1:5432/shop",
        "postgresql:///shop | osuser@localhost:5432/shop",
        "postgresql://:5433/shop | osuser@localhost:5433/shop",
        "postgresql://ann@db1 | ann@db1:5432/ann",
        "postgresql://ann:pw@db1/shop | ann@db1:5432/shop",
        "postgresql://@db1/shop | osuser@db1:5432/shop",
        "postgresql://a%40b:p%2Fw@db1/my%20shop | a@b@db1:5432/my shop",
        "postgresql://%C3%A4nne@db1/a+b | änne@db1:5432/a+b",
        "postgresql://[::1]/shop | osuser@[::1]:5432/shop",
        "postgresql://[2001:db8::1]:5433/shop | osuser@[2001:db8::1]:5433/shop",
        "postgresql://a:1,b,[::1]:3/shop | osuser@a:1,b:5432,[::1]:3/shop",
        "postgresql://a,b:5433/shop | osuser@a:5432,b:5433/shop",
        "postgresql:///shop?host=db1&port=5433 | osuser@db1:5433/shop",
        "postgresql:///shop?host=a,b&port=5433 | osuser@a:5433,b:5433/shop",
        "postgresql://db1?user=bob& | bob@db1:5432/bob",
        "postgresql://ann@db1/shop?user=bob&dbname=stock | bob@db1:5432/stock",
        "postgresql:///shop?user=ann&password=p@ss | ann@localhost:5432/shop",
      })
  void uriIsReadAsLibpqReadsIt(String uri, String target) {
    assertEquals(target, operator().dbname(uri).target());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "host=db1 dbname=shop | osuser@db1:5432/shop",
        "  host = db1   dbname\t=shop  | osuser@db1:5432/shop",
        "dbname='my shop' | osuser@localhost:5432/my shop",
        "dbname='it\\'s' user=ann | ann@localhost:5432/it's",
        "dbname=it\\'s\\ mine | osuser@localhost:5432/it's mine",
        "dbname=a\\\\b | osuser@localhost:5432/a\\b",
        "dbname='a=b' | osuser@localhost:5432/a=b",
        "dbname='shop'user=ann | ann@localhost:5432/shop",
        "dbname=a dbname=b | osuser@localhost:5432/b",
        "dbname='' user=ann | ann@localhost:5432/ann",
        "dbname=postgresql://x | osuser@localhost:5432/postgresql://x",
        "user= dbname=shop | dbname=shop@localhost:5432/dbname=shop",
      })
  void keyValuesAreReadAsLibpqReadsThem(String text, String target) {
    assertEquals(target, operator().dbname(text).target());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "jdbc:postgresql:shop | osuser@localhost:5432/shop",
        "jdbc:postgresql:///shop | osuser@localhost:5432/shop",
        "jdbc:postgresql://db1/ | osuser@db1:5432/osuser",
        "jdbc:postgresql://db1/?user=ann | ann@db1:5432/ann",
        "jdbc:postgresql://db1:1,[::1]:2/a%20b?user=ann+x | ann x@db1:1,[::1]:2/a b",
      })
  void jdbcUrlIsReadAsTheDriverReadsIt(String url, String target) {
    // no PGHOST, PGHOSTADDR, PGPORT: the driver does not ask for them
    assertEquals(
        target,
        operator()
            .dbname(url)
            .env("PGHOST", "e")
            .env("PGHOSTADDR", "::9")
            .env("PGPORT", "9")
            .target());
  }

  @Test
  void jdbcUrlsParametersReachTheDriver() {
    var operator =
        operator()
            .dbname(
                "jdbc:postgresql:shop?ssl=true&ApplicationName=mine&socketTimeout=30&password=p%26w");
    operator.env("PGSSLMODE", "disable").env("PGAPPNAME", "theirs");
    Properties properties = operator.connection().properties();
    assertEquals("verify-full", properties.getProperty("sslmode"));
    assertEquals("mine", properties.getProperty("ApplicationName"));
    assertEquals("30", properties.getProperty("socketTimeout"));
    assertEquals("p&w", properties.getProperty("password"));
    assertEquals("prefer", operator().dbname("jdbc:postgresql:shop?ssl=false").property("sslmode"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "sslmode=verify-full | sslmode | verify-full",
        "sslcert=c.pem | sslcert | c.pem",
        "sslkey=k.pk8 | sslkey | k.pk8",
        "sslrootcert=ca.pem | sslrootcert | ca.pem",
        "sslpassword=hush | sslpassword | hush",
        "sslnegotiation=direct | sslNegotiation | direct",
        "application_name=mine | ApplicationName | mine",
        "fallback_application_name=mine | ApplicationName | mine",
        "application_name=a fallback_application_name=b | ApplicationName | a",
        "application_name='' | ApplicationName | pgbackfill",
        "connect_timeout=3 | connectTimeout | 3",
        "connect_timeout=0 | connectTimeout | 0",
        "connect_timeout=-1 | connectTimeout | 0",
        "options='-c geqo=off' | options | -c geqo=off",
        "target_session_attrs=any | targetServerType | any",
        "target_session_attrs=read-write | targetServerType | primary",
        "target_session_attrs=primary | targetServerType | primary",
        "target_session_attrs=standby | targetServerType | secondary",
        "target_session_attrs=read-only | targetServerType | secondary",
        "target_session_attrs=prefer-standby | targetServerType | preferSecondary",
        "keepalives=0 | tcpKeepAlive | false",
        "keepalives=1 | tcpKeepAlive | true",
        "gssencmode=disable | gssEncMode | disable",
        "channel_binding=require | channelBinding | require",
        "require_auth=md5,scram-sha-256 | requireAuth | md5,scram-sha-256",
        "krbsrvname=pg | kerberosServerName | pg",
        "load_balance_hosts=random | loadBalanceHosts | true",
        "load_balance_hosts=disable | loadBalanceHosts | false",
        "client_encoding=UTF8 | client_encoding | ",
        "client_encoding=auto | client_encoding | ",
      })
  void parametersReachTheDriverUnderItsNames(String text, String name, String value) {
    assertEquals(value, operator().dbname(text).property(name));
  }

  @Test
  void sslTrueInAUriMeansRequire() {
    assertEquals("require", operator().dbname("postgresql://db1?ssl=true").property("sslmode"));
  }

  @ParameterizedTest
  @CsvSource({
    "PGSSLMODE, verify-ca, sslmode, verify-ca",
    "PGSSLROOTCERT, ca.pem, sslrootcert, ca.pem",
    "PGSSLCERT, c.pem, sslcert, c.pem",
    "PGSSLKEY, k.pk8, sslkey, k.pk8",
    "PGCONNECT_TIMEOUT, 5, connectTimeout, 5",
    "PGAPPNAME, mine, ApplicationName, mine",
    "PGOPTIONS, -c geqo=off, options, -c geqo=off",
    "PGTARGETSESSIONATTRS, read-write, targetServerType, primary",
    "PGGSSENCMODE, disable, gssEncMode, disable",
    "PGCHANNELBINDING, require, channelBinding, require",
    "PGREQUIREAUTH, scram-sha-256, requireAuth, scram-sha-256",
    "PGREQUIRESSL, 1, sslmode, require",
    "PGPASSWORD, hush, password, hush",
    "PGAPPNAME, '', ApplicationName, pgbackfill",
  })
  void environmentReachesTheDriver(String variable, String value, String name, String expected) {
    assertEquals(expected, operator().env(variable, value).property(name));
  }

  @Test
  void connectionStringBeatsTheEnvironmentUnderEitherName() {
    var operator =
        operator().dbname("sslmode=disable").env("PGSSLMODE", "require").env("PGREQUIRESSL", "1");
    assertEquals("disable", operator.property("sslmode"));
    assertNull(operator().dbname("options=''").env("PGOPTIONS", "-c geqo=off").property("options"));
  }

  @Test
  void requireChecksTheCertificateIfThereIsARootCertificate(@TempDir Path home) throws IOException {
    var operator = operator().home(home).dbname("sslmode=require");
    assertEquals("require", operator.property("sslmode"));
    Path root = home.resolve(".postgresql/root.crt");
    Files.createDirectories(root.getParent());
    Files.createFile(root);
    assertEquals("verify-ca", operator.property("sslmode"));
    assertEquals(root.toString(), operator.property("sslrootcert"));
    assertEquals(
        "require",
        operator.dbname("sslmode=require sslrootcert=/nowhere/ca.pem").property("sslmode"));
    assertEquals(
        "require", operator.dbname("jdbc:postgresql:shop?sslmode=require").property("sslmode"));
  }

  @Test
  void hostaddrIsConnectedToAndSaidSo() {
    ConnectionSpec connection = operator().host("db1").env("PGHOSTADDR", "10.0.0.1").connection();
    assertEquals("osuser@10.0.0.1:5432/osuser", connection.target());
    assertEquals(
        List.of(
            "hostaddr 10.0.0.1 from PGHOSTADDR is where to connect; host db1 from -h only finds the"
                + " password, and verify-full checks the certificate against the address"),
        connection.notices());
    assertEquals("osuser@[fe80::1]:5432/osuser", operator().dbname("hostaddr=fe80::1").target());
  }

  @Test
  void aSettingThatTheDriverLacksIsNoticed() {
    assertEquals(
        List.of("PGSSLCRL is set, but the JDBC driver has no such setting; it has no effect"),
        operator().env("PGSSLCRL", "revoked.pem").connection().notices());
  }

  @Test
  void severalHostsAreTriedInOrder() {
    ConnectionSpec connection =
        operator().host("a,b").port("5432,5433").dbname("shop").connection();
    assertEquals("jdbc:postgresql://a:5432,b:5433/shop", connection.url());
    assertEquals("hosts a:5432,b:5433, user osuser, database shop", connection.describe());
    assertEquals("a", connection.host());
    assertEquals("osuser@localhost:5432,b:5432/osuser", operator().host(",b").target());
  }

  @ParameterizedTest
  @ValueSource(strings = {"my shop", "a/b?c&d=e%20#+", "ärger", "it's"})
  void driverReadsTheUrlsDatabaseAsItWasMeant(String database) {
    String url =
        operator().dbname("dbname='" + database.replace("'", "\\'") + "'").connection().url();
    assertEquals(database, Driver.parseURL(url, new Properties()).getProperty("PGDBNAME"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"::1", "[::1]", "fe80::1%eth0"})
  void ipv6AddressStandsInBracketsInTheUrl(String host) {
    String bare = host.replace("[", "").replace("]", "");
    ConnectionSpec connection = operator().host(host).connection();
    assertEquals("jdbc:postgresql://[" + bare + "]:5432/osuser", connection.url());
    assertEquals(bare, connection.host());
  }

  @ParameterizedTest
  @ValueSource(strings = {"54x2", "0", "65536", "-1", "99999999999"})
  void badPortIsRefused(String port) {
    String expected = "\"" + port + "\"; expected a number from 1 to 65535, or nothing for 5432";
    assertEquals("port from -p is " + expected, operator().port(port).refusal());
    assertEquals("port from PGPORT is " + expected, operator().env("PGPORT", port).refusal());
    assertEquals(
        "port from -d is " + expected, operator().dbname("postgresql://h:" + port).refusal());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/var/run/postgresql", "@abstract"})
  void unixSocketIsRefused(String host) {
    String message =
        "host \"%s\" from %s is a unix-socket directory, but the JDBC driver reaches servers over"
            + " TCP only; use -h localhost";
    assertEquals(message.formatted(host, "-h"), operator().host(host).refusal());
    assertEquals(message.formatted(host, "PGHOST"), operator().env("PGHOST", host).refusal());
    assertEquals(message.formatted(host, "-d"), operator().dbname("host=" + host).refusal());
    assertEquals(message.formatted(host, "-h"), operator().host("db1," + host).refusal());
  }

  private static final String KNOWN =
      "correct it or take it out; known are application_name, channel_binding, client_encoding,"
          + " connect_timeout, dbname, fallback_application_name, gssencmode, host, hostaddr,"
          + " keepalives, krbsrvname, load_balance_hosts, options, passfile, password, port,"
          + " require_auth, service, sslcert, sslkey, sslmode, sslnegotiation, sslpassword,"
          + " sslrootcert, target_session_attrs, user";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "postgresql://h?sslmod=require | parameter \"sslmod\" from the URI of -d is not one that"
            + " pgbackfill knows; KNOWN",
        "dbname='ann''s'user=x | parameter \"'s'user\" from -d is not one that pgbackfill knows;"
            + " KNOWN",
        "keepalives_idle=5 | parameter \"keepalives_idle\" from -d is not one that pgbackfill"
            + " knows; KNOWN",
        "password=a b=c | the name at character 12 of -d is not one that pgbackfill knows; if it"
            + " belongs to the password, put that in single quotes",
        "host=a port | -d, read as name=value pairs because it has a \"=\", has no \"=\" after the"
            + " word at character 8; put a value with spaces in single quotes",
        "host=a dbname='shop | the single quote at character 15 of -d is never closed; close it, or"
            + " write \\' for a quote in a value",
        "postgresql://h?host | parameter 1 of the URI from -d is not name=value; in a value write"
            + " %3D for \"=\", %26 for \"&\"",
        "postgresql://h?port=1&options=a=b | parameter 2 of the URI from -d is not name=value; in a"
            + " value write %3D for \"=\", %26 for \"&\"",
        "postgresql://h/%zz | the URI from -d has a \"%\" without the two hexadecimal digits of a"
            + " character; write %25 for \"%\"",
        "postgresql://h/a%2 | the URI from -d has a \"%\" without the two hexadecimal digits of a"
            + " character; write %25 for \"%\"",
        "postgresql://h/a%00 | the URI from -d has a \"%\" without the two hexadecimal digits of a"
            + " character; write %25 for \"%\"",
        "postgresql://[::1/shop | the URI from -d has a malformed IPv6 address; write it like"
            + " postgresql://[2001:db8::1]:5432/shop",
        "postgresql://[]/shop | the URI from -d has a malformed IPv6 address; write it like"
            + " postgresql://[2001:db8::1]:5432/shop",
        "postgresql://[::1]x/shop | the URI from -d has a malformed IPv6 address; write it like"
            + " postgresql://[2001:db8::1]:5432/shop",
        "sslmode=on | sslmode from -d is \"on\"; expected one of disable, allow, prefer, require,"
            + " verify-ca, verify-full",
        "connect_timeout=10s | connect_timeout from -d is \"10s\"; expected a whole number",
        "keepalives=yes | keepalives from -d is \"yes\"; expected a whole number",
        "load_balance_hosts=on | load_balance_hosts from -d is \"on\"; expected disable or random",
        "target_session_attrs=master | target_session_attrs from -d is \"master\"; expected any,"
            + " prefer-standby, primary, read-only, read-write or standby",
        "client_encoding=LATIN1 | client_encoding from -d is \"LATIN1\"; expected UTF8, which the"
            + " JDBC driver always talks",
        "sslrootcert=system | sslrootcert from -d is \"system\"; expected a file of CA"
            + " certificates; the JDBC driver has no \"system\"",
        "host='a b' | host from -d is \"a b\"; expected a host name or an IP address",
        "hostaddr=db1 | hostaddr from -d is \"db1\"; expected a numeric IP address; a name goes to"
            + " host",
        "host=a,b port=1,2,3 | 2 hosts (-d) and 3 ports (-d) do not pair; give as many of both",
        "host=a,b hostaddr=::1 | 2 hosts (-d) and 1 hostaddr values (-d) do not pair; give as many"
            + " of both",
        "jdbc:postgresql://h | the JDBC URL from -d is malformed; expected"
            + " jdbc:postgresql://host:port/database",
        "jdbc:mysql://h/x | the JDBC URL from -d is not for PostgreSQL; expected"
            + " jdbc:postgresql://host:port/database",
        "jdbc:postgresql://ann:pw@h/x | the JDBC URL from -d has an \"@\"; there user and password"
            + " are parameters (?user=ann&password=...), or write postgresql:// without jdbc:",
        "jdbc:postgresql:x?service=y | the JDBC URL from -d names a service; write -d service=NAME"
            + " without a URL, or set PGSERVICE",
        "jdbc:postgresql:x?sslmod=y | parameter \"sslmod\" from the JDBC URL of -d is not one that"
            + " the driver knows; correct it or take it out",
        "jdbc:postgresql:x?sslmode=y | sslmode from the JDBC URL of -d is \"y\"; expected one of"
            + " disable, allow, prefer, require, verify-ca, verify-full",
      })
  void badConnectionStringIsRefusedWithTheWayOut(String dbname, String message) {
    assertEquals(message.replace("KNOWN", KNOWN), operator().dbname(dbname).refusal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://ann:sec/ret@h/shop",
        "postgresql://ann:12/ret@h/shop",
        "postgresql://ann:sec@ret@h/shop",
        "postgresql://ann:sec/r?et@h/shop",
      })
  void passwordThatTearsItsUriIsRefusedUnseen(String uri) {
    assertEquals(
        "the URI from -d has an \"@\" where none can be; in a user name or a password write %40 for"
            + " \"@\", %2F for \"/\", %3F for \"?\"",
        operator().dbname(uri).refusal());
  }

  @Test
  void nobodyIsRefused() {
    assertEquals(
        "no user name is given and the system knows none; use -U",
        operator().system("user.name", "?").refusal());
    assertEquals("ann", operator().system("user.name", "?").username("ann").connection().user());
  }

  @Test
  void promptedPasswordBeatsAllOthers() {
    var operator = operator().env("PGPASSWORD", "from-env");
    assertEquals("from-env", operator.passwordSent());
    assertEquals("from-uri", operator.dbname("postgresql://ann:from-uri@h/shop").passwordSent());
    assertEquals("from-d", operator.dbname("password=from-d").passwordSent());
    assertEquals("typed", operator.password("typed").passwordSent());
    assertEquals("from-d", operator.password("").passwordSent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://ann:s3cret@h:1/shop?sslpassword=s3cret",
        "host=h user=ann password=s3cret sslpassword=s3cret",
        "jdbc:postgresql://h:1/shop?user=ann&password=s3cret&sslpassword=s3cret",
      })
  void passwordIsInThePropertiesAndNowhereElse(String dbname) {
    var operator = operator().dbname(dbname).env("PGPASSWORD", "s3cret").env("PGSSLCRL", "x");
    ConnectionSpec connection = operator.connection();
    assertEquals("s3cret", connection.properties().getProperty("password"));
    assertEquals("s3cret", connection.properties().getProperty("sslpassword"));
    assertEquals(connection.describe(), connection.toString());
    for (String shown :
        List.of(
            connection.url(),
            connection.toString(),
            connection.target(),
            connection.notices().toString(),
            operator.password("s3cret").given().toString())) {
      assertFalse(shown.contains("s3cret"), shown);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "password=s3cret oops",
        "password=oops s3cret",
        "password=oops s3cret=x",
        "password='s3cret",
        "password=s3cret port=x",
        "password=s3cret sslmode=x",
        "postgresql://ann:s3cret@h:x/shop",
        "postgresql://ann:s3cret%@h/shop",
        "postgresql://ann:s3cret/x@h/shop",
        "postgresql://ann:x/s3cret@h/shop",
        "postgresql://ann:s3cret@x@h/shop",
        "postgresql://ann:x@s3cret@h/shop",
        "postgresql://ann:s3cret@h/shop?sslmod=x",
        "postgresql://h/shop?password=s3cret=",
        "postgresql://h/shop?password=s3cret%",
        "jdbc:postgresql://ann:s3cret@h/shop",
        "jdbc:postgresql://h?password=s3cret",
        "jdbc:postgresql://h:x/shop?password=s3cret",
        "jdbc:postgresql://h/shop?password=s3cret%",
        "jdbc:mysql://h/shop?password=s3cret",
      })
  void refusalsHideThePassword(String dbname) {
    String message =
        operator().dbname(dbname).env("PGPASSWORD", "s3cret").password("s3cret").refusal();
    assertFalse(message.contains("s3cret"), message);
    assertTrue(message.contains("-d"), message);
  }
}
