package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordFileTest {
  @TempDir Path home;

  private Path write(String name, String text) throws IOException {
    Path file = Files.writeString(home.resolve(name), text);
    allow(file, "rw-------");
    return file;
  }

  private static void allow(Path file, String permissions) throws IOException {
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }
  }

  private Operator operator() {
    return new Operator().home(home).host("db1").username("ann").dbname("shop");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "db1:5432:shop:ann:hush | hush",
        "*:*:*:*:hush | hush",
        "db1:*:shop:*:hush | hush",
        "db2:5432:shop:ann:hush | ``",
        "db1:5433:shop:ann:hush | ``",
        "db1:5432:stock:ann:hush | ``",
        "db1:5432:shop:bob:hush | ``",
        "d*:5432:shop:ann:hush | ``",
        "\\*:5432:shop:ann:hush | ``",
        "d\\b1:5432:shop:ann:hush | hush",
        "*:*:*:*:a\\:b\\\\c | a:b\\c",
        "*:*:*:*:a:b | a",
        "*:*:*:* | ``",
        "#*:*:*:*:hush | ``",
        "*:*:*:*:pass word# | pass word#",
      })
  void lineIsReadAsLibpqReadsIt(String line, String password) throws IOException {
    write(".pgpass", line + "\n");
    assertEquals(password, operator().passwordSent());
  }

  @Test
  void firstMatchingLineCounts() throws IOException {
    write(".pgpass", "db2:*:*:*:other\r\ndb1:*:*:*:first\r\n*:*:*:*:second\r\n");
    assertEquals("first", operator().passwordSent());
  }

  @Test
  void colonsOfAnAddressAreEscaped() throws IOException {
    write(".pgpass", "\\:\\:1:*:*:*:hush\n");
    assertEquals("hush", operator().host("::1").passwordSent());
  }

  @Test
  void fileIsFoundAsLibpqFindsIt() throws IOException {
    write(".pgpass", "*:*:*:*:home\n");
    Path fromEnv = write("env", "*:*:*:*:env\n");
    Path fromString = write("string", "*:*:*:*:string\n");
    var operator = operator();
    assertEquals("home", operator.passwordSent());
    assertEquals("env", operator.env("PGPASSFILE", fromEnv.toString()).passwordSent());
    assertEquals("string", operator.dbname("passfile='" + fromString + "'").passwordSent());
    assertEquals("pgpassword", operator.env("PGPASSWORD", "pgpassword").passwordSent());
    assertEquals("string", operator.env("PGPASSWORD", "").passwordSent());
  }

  @Test
  void fileIsInAppDataOnWindows() throws IOException {
    Files.createDirectory(home.resolve("postgresql"));
    write("postgresql/pgpass.conf", "*:*:*:*:hush\n");
    var operator = new Operator().system("os.name", "Windows 11").env("APPDATA", home.toString());
    assertEquals("hush", operator.passwordSent());
  }

  @Test
  void hostNotAddressFindsThePassword() throws IOException {
    write(".pgpass", "10.0.0.1:*:*:*:address\ndb1:*:*:*:name\n");
    assertEquals("name", operator().env("PGHOSTADDR", "10.0.0.1").passwordSent());
    assertEquals("address", operator().host(null).env("PGHOSTADDR", "10.0.0.1").passwordSent());
  }

  @Test
  void hostsWithDifferentPasswordsAreNoticed() throws IOException {
    Path file = write(".pgpass", "db1:*:*:*:s3cret1\ndb2:*:*:*:s3cret2\n");
    ConnectionSpec connection = operator().host("db1,db2").connection();
    assertEquals("s3cret1", connection.properties().getProperty("password"));
    assertEquals(
        List.of(
            "password file "
                + file
                + " has different passwords for the hosts; the JDBC driver takes one, that of"
                + " db1:5432"),
        connection.notices());
  }

  @ParameterizedTest
  @CsvSource({"rw-r-----", "rw----r--", "rw--w----", "rwx--x---"})
  void fileThatIsOpenToOthersIsNotUsed(String permissions) throws IOException {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
    Path file = write(".pgpass", "*:*:*:*:s3cret\n");
    allow(file, permissions);
    ConnectionSpec connection = operator().connection();
    assertEquals("", connection.properties().getProperty("password"));
    assertEquals(
        List.of(
            "password file "
                + file
                + " is open to others ("
                + permissions
                + ") and is not used; run chmod 600 "
                + file),
        connection.notices());
    assertEquals(List.of(), operator().password("typed").connection().notices());
  }

  @Test
  void directoryIsNotUsed() {
    ConnectionSpec connection = operator().env("PGPASSFILE", home.toString()).connection();
    assertEquals(
        List.of("password file " + home + " is not a plain file and is not used"),
        connection.notices());
  }

  @Test
  void missingFileIsNoMatter() {
    ConnectionSpec connection = operator().connection();
    assertEquals("", connection.properties().getProperty("password"));
    assertEquals(List.of(), connection.notices());
  }
}
