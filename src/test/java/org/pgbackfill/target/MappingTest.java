package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.pgbackfill.source.SourceFile;

class MappingTest {
  private static final UUID LINK = UUID.fromString("7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f");

  private static List<SourceFile> files(String... headers) {
    List<SourceFile> files = new java.util.ArrayList<>();
    for (String header : headers) {
      files.add(
          new SourceFile(
              files.size(), (char) ('a' + files.size()) + ".csv", List.of(header.split(",", -1))));
    }
    return files;
  }

  private static ContactsTarget contacts(Map<String, String> map, UUID link, String... headers) {
    return new ContactsTarget("contacts", files(headers), map, link);
  }

  private static String refused(Map<String, String> map, UUID link, String... headers) {
    return assertThrows(HeaderException.class, () -> contacts(map, link, headers)).getMessage();
  }

  private static List<String> columns(Target target) {
    return target.columns().stream().map(Column::name).toList();
  }

  @Test
  void headersMatchWithoutRegardToCaseAndBlanks() {
    ContactsTarget target = contacts(Map.of(), null, "LINK_ID, Email_Address ,name");
    assertEquals(List.of("id", "link_id", "email_address", "name"), columns(target));
    assertEquals(List.of(), target.ignored());
  }

  @Test
  void mappedHeaderIsTakenWhateverItsCase() {
    ContactsTarget target =
        contacts(Map.of("email_address", "E-Mail", "link_id", "mailbox"), null, "Mailbox,e-mail");
    assertEquals(List.of("id", "link_id", "email_address"), columns(target));
    assertEquals(List.of(), target.ignored());
  }

  @Test
  void mappingWinsOverTheHeaderWithTheColumnsName() {
    ContactsTarget target =
        contacts(Map.of("name", "full_name"), null, "link_id,email_address,name,full_name");
    assertEquals(List.of("name"), target.ignored());
  }

  @Test
  void headerThatIsMappedAwayIsNotTakenForItsNamesake() {
    // "name" holds the address here: then no name is loaded at all.
    ContactsTarget target = contacts(Map.of("email_address", "name"), null, "link_id,name");
    assertEquals(List.of("id", "link_id", "email_address"), columns(target));
  }

  @Test
  void twoColumnsCanChangePlaces() {
    ContactsTarget target =
        contacts(
            Map.of("original_photo_url", "sfs_photo_url", "sfs_photo_url", "original_photo_url"),
            null,
            "link_id,email_address,original_photo_url,sfs_photo_url");
    assertEquals(
        List.of("id", "link_id", "email_address", "original_photo_url", "sfs_photo_url"),
        columns(target));
    assertEquals(List.of(), target.ignored());
  }

  @Test
  void unknownColumnsAreNamedOnceEachOverAllFiles() {
    ContactsTarget target =
        contacts(
            Map.of(),
            null,
            "link_id,email_address,Phone,note",
            "note,email_address,link_id,phone2,Phone");
    assertEquals(List.of("Phone", "note", "phone2"), target.ignored());
  }

  @Test
  void columnsOfARejectFileAreNotUnknown() {
    ContactsTarget target =
        contacts(
            Map.of(), null, "link_id,email_address,reject_file,Reject_Line,reject_reason,phone");
    assertEquals(List.of("phone"), target.ignored());
  }

  @Test
  void missingColumnIsNamedWithWhatWasFoundAndWhatToDo() {
    assertEquals(
        "a.csv line 1: no column email_address; found link_id, mail; name it with --map"
            + " email_address=HEADER",
        refused(Map.of(), null, "link_id,mail"));
    assertEquals(
        "a.csv line 1: no column link_id; found email_address; name it with --map link_id=HEADER,"
            + " or give one link to all with --link-id UUID",
        refused(Map.of(), null, "email_address"));
    assertEquals(
        "a.csv line 1: no column func; found queue, kwargs; name it with --map func=HEADER",
        assertThrows(
                HeaderException.class,
                () -> new JobsTarget("chancy_", files("queue,kwargs"), Map.of()))
            .getMessage());
  }

  @Test
  void everyFileNeedsTheColumn() {
    assertEquals(
        "b.csv line 1: no column email_address; found link_id; name it with --map"
            + " email_address=HEADER",
        refused(Map.of(), null, "link_id,email_address", "link_id"));
  }

  @Test
  void headerThatAMapNamesMustBeThere() {
    assertEquals(
        "a.csv line 1: no header \"E-Mail\", which --map gives to email_address; found link_id,"
            + " email_address",
        refused(Map.of("email_address", "E-Mail"), null, "link_id,email_address"));
  }

  @Test
  void columnThatAMapNamesMustExist() {
    assertEquals(
        "--map mail=x: there is no column \"mail\" to load; expected one of id, link_id,"
            + " email_address, name, original_photo_url, sfs_photo_url, created_at, updated_at",
        refused(Map.of("mail", "x"), null, "link_id,email_address,x"));
  }

  @Test
  void linkIsGivenByTheFileOrByTheOption() {
    assertEquals(
        List.of("id", "link_id", "email_address"),
        columns(contacts(Map.of(), LINK, "email_address")));
    assertEquals(
        "--link-id "
            + LINK
            + " is for files without a column link_id; these have one: leave the option out",
        refused(Map.of(), LINK, "email_address", "link_id,email_address"));
  }

  @Test
  void linkOfTheOptionIsEveryContactsLink() {
    Sheet sheet = Sheet.of("email_address", "a@example.com");
    try (var source = sheet.open()) {
      Target target = new ContactsTarget("contacts", source.files(), Map.of(), LINK);
      Row row = (Row) target.check(source.next(), number -> Sheet.DERIVED);
      assertEquals(LINK, row.link());
      assertEquals(Arrays.asList("id", "link_id", "email_address"), columns(target));
    } catch (org.pgbackfill.source.SourceException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void idIsWrittenByTheFileOnlyWhereOneHasIt() {
    assertEquals(
        Column.Presence.SUPPLIED,
        contacts(Map.of(), null, "link_id,email_address").columns().get(0).presence());
    assertEquals(
        Column.Presence.GIVEN,
        contacts(Map.of(), null, "link_id,email_address", "link_id,email_address,ID")
            .columns()
            .get(0)
            .presence());
  }
}
