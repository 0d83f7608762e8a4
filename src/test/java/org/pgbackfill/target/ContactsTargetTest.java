package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContactsTargetTest {
  private static final String LINK = "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f";

  private static Sheet.Result contact(String address, String... more) {
    String[] all = new String[4 + more.length];
    all[0] = "link_id";
    all[1] = LINK;
    all[2] = "email_address";
    all[3] = address;
    System.arraycopy(more, 0, all, 4, more.length);
    return Sheet.of(all).contact();
  }

  @Test
  void addressIsTrimmedAndLowerCasedAndNothingElse() {
    assertEquals("ann.o+x@example.com", contact(" \tAnn.O+X@Example.COM  ").row().keyText());
    assertEquals("élodie@exämple.de", contact("ÉLODIE@EXÄMPLE.DE").row().keyText());
    assertEquals("σίσυφος@example.gr", contact("ΣΊΣΥΦΟΣ@EXAMPLE.GR").row().keyText());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ann@localhost",
        "postmaster@mailhost7",
        "o'neil@example.com",
        "ann+tag@example.com",
        "ann@sub.sub.example.museum",
        "ann@xn--exmple-cua.de",
        "josé@exämple.de",
        "用户@例子.公司",
        "иван@почта.рф",
        "😀@example.com",
        "\"ann b\"@example.com",
        "ann@[192.0.2.7]"
      })
  void localAndInternationalAddressesAreAccepted(String address) {
    assertEquals(address, contact(address).row().keyText());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ann",
        "ann@",
        "@example.com",
        "a@@b",
        "ann..b@example.com",
        ".ann@example.com",
        "ann@example..com",
        "ann@-example.com",
        "ann b@example.com",
        "ann@exam ple.com",
        "ann@example.com,bob@example.com",
        "ann@example.com;",
        "mailto:ann@example.com",
        "@relay.example:ann@example.com",
        // what stands in a message's header and is no mailbox's own name
        "ann <ann@example.com>",
        "\"o, ann\" <ann@example.com>",
        "<ann@example.com>",
        "(work)ann@example.com",
        "ann@example.com(work)"
      })
  void malformedAddressIsRefused(String address) {
    assertEquals(
        "email_address \"" + address + "\" is not an address", contact(address).reason(), address);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t \r\n"})
  void missingAddressIsRefused(String address) {
    assertEquals("email_address is empty; expected an address", contact(address).reason());
  }

  @Test
  void messageShowsTheStartOfALongValueAndNoControlCharacters() {
    assertEquals(
        "email_address \"" + "a".repeat(60) + "...\" is not an address",
        contact("a".repeat(90) + "@example.com").reason());
    assertEquals("email_address \"ann?bob\" is not an address", contact("ann\u0007bob").reason());
  }

  @Test
  void longestAddressLoadsAndOneCharacterMoreIsRefused() {
    String local = "l".repeat(64);
    String domain = ("d".repeat(61) + ".").repeat(4) + "example";
    assertEquals(255, domain.length());
    assertEquals(320, contact(local + "@" + domain).row().keyText().length());
    assertEquals(
        "email_address \"" + "l".repeat(60) + "...\" has 321 characters; expected at most 320",
        contact(local + "@" + domain + "s").reason());
  }

  @Test
  void lengthOfAnAddressIsCountedAfterTrimmingAndLowerCasing() {
    String blanks = " ".repeat(400);
    assertEquals("ann@example.com", contact(blanks + "ann@example.com" + blanks).row().keyText());
    // Lower-cased, the Turkish I with a dot is two code points: 8 + 312 characters become 632.
    assertEquals(
        "email_address \""
            + "i\u0307".repeat(30)
            + "...\" has 636 characters; expected at most 320",
        contact("İ".repeat(312) + "@example.com").reason());
  }

  @Test
  void lengthOfAnAddressIsCountedInCodePoints() {
    // 321 UTF-16 units, but 173 characters: whether it is an address is another question.
    assertEquals(
        "email_address \"" + "😀".repeat(60) + "...\" is not an address",
        contact("😀".repeat(155) + "@example.com").reason());
    assertEquals(
        "email_address \"" + "😀".repeat(60) + "...\" has 321 characters; expected at most 320",
        contact("😀".repeat(309) + "@example.com").reason());
  }

  @Test
  void nameHasRoomFor255CodePointsWhateverTheyTakeInJava() {
    String emoji = "👩".repeat(255);
    assertEquals(510, emoji.length());
    assertEquals(emoji, contact("a@example.com", "name", emoji).value("name"));
    assertEquals(
        "name \"" + "👩".repeat(60) + "...\" has 256 characters; expected at most 255",
        contact("a@example.com", "name", emoji + "!").reason());
    assertEquals(
        "name \"" + "n".repeat(60) + "...\" has 256 characters; expected at most 255",
        contact("a@example.com", "name", "n".repeat(256)).reason());
  }

  @Test
  void emptyNameIsNullAndBlanksStayAsTheyAre() {
    assertNull(contact("a@example.com", "name", "").value("name"));
    assertEquals("  Ann ", contact("a@example.com", "name", "  Ann ").value("name"));
  }

  @Test
  void emptyPhotosAndTimesAreNull() {
    Sheet.Result contact =
        contact(
            "a@example.com",
            "original_photo_url",
            "",
            "sfs_photo_url",
            "",
            "created_at",
            "",
            "updated_at",
            "");
    assertNull(contact.value("original_photo_url"));
    assertNull(contact.value("sfs_photo_url"));
    assertNull(contact.value("created_at"));
    assertNull(contact.value("updated_at"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f",
        "7D3C1F0E-9A4B-4C62-8F10-2B5A6C7D8E9F",
        "7d3c1f0e9a4b4c628f102b5a6c7d8e9f",
        "{7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f}",
        "{7D3c1f0e9a4b4c628f102b5a6c7d8e9F}"
      })
  void uuidIsTakenInTheFormsThatPostgresTakes(String text) {
    Sheet.Result contact =
        Sheet.of("id", text, "link_id", text, "email_address", "a@example.com").contact();
    assertEquals(UUID.fromString(LINK), contact.row().link());
    assertEquals(UUID.fromString(LINK), contact.row().id());
    assertTrue(contact.row().idGiven());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9",
        "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f0",
        "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9g",
        "7d3c1f0e-9a4b-4c628-f10-2b5a6c7d8e9f",
        "7d3c1f0e-9a4b-4c62-8f102b5a6c7d8e9f",
        "{7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f",
        "7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f}",
        " 7d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f",
        "7d3c1f0e_9a4b_4c62_8f10_2b5a6c7d8e9f",
        "٧d3c1f0e-9a4b-4c62-8f10-2b5a6c7d8e9f",
        "1-2-3-4-5",
        "{}",
        "null",
        "42"
      })
  void anythingElseIsNotAUuid(String text) {
    assertEquals(
        "link_id \"" + text + "\" is not a uuid",
        Sheet.of("link_id", text, "email_address", "a@example.com").contact().reason());
    assertEquals(
        "id \"" + text + "\" is not a uuid",
        Sheet.of("id", text, "link_id", LINK, "email_address", "a@example.com").contact().reason());
  }

  @Test
  void missingLinkIsRefusedAndAMissingIdIsDerived() {
    assertEquals(
        "link_id is empty; expected a uuid",
        Sheet.of("link_id", "", "email_address", "a@example.com").contact().reason());
    Row derived =
        Sheet.of("id", "", "link_id", LINK, "email_address", "a@example.com").contact().row();
    assertEquals(Sheet.DERIVED, derived.id());
    assertFalse(derived.idGiven());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "yesterday|is not a timestamp; expected date, time and offset such as 2026-11-21"
            + " 08:30:00+00",
        "2026-11-21|is not a timestamp; expected date, time and offset such as 2026-11-21"
            + " 08:30:00+00",
        // without an offset the value would mean whatever the session's time zone is
        "2026-11-21 08:30:00|is not a timestamp; expected date, time and offset such as 2026-11-21"
            + " 08:30:00+00",
        // PostgreSQL would round it
        "2026-11-21 08:30:00.1234567+00|is not a timestamp; expected date, time and offset such as"
            + " 2026-11-21 08:30:00+00",
        "2026-02-30 08:30:00+00|is not a timestamp: there is no such date or time",
        "2026-13-01 08:30:00+00|is not a timestamp: there is no such date or time",
        "2026-11-21 25:30:00+00|is not a timestamp: there is no such date or time",
        "2026-11-21 08:61:00+00|is not a timestamp: there is no such date or time",
        "2026-11-21 08:30:00+16|is outside of what PostgreSQL takes",
        "294277-01-01 00:00:00+00|is outside of what PostgreSQL takes",
        "0000-01-01 00:00:00+00|is outside of what PostgreSQL takes"
      })
  void whatIsNoTimestampIsRefused(String text, String why) {
    assertEquals(
        "created_at \"" + text + "\" " + why,
        contact("a@example.com", "created_at", text).reason());
    assertEquals(
        "updated_at \"" + text + "\" " + why,
        contact("a@example.com", "updated_at", text).reason());
  }

  @Test
  void nulCharacterIsRefusedInWhateverFieldItStands() {
    assertEquals(
        "name has a NUL character, which PostgreSQL can't store",
        contact("a@example.com", "name", "An\0n").reason());
    assertEquals(
        "email_address has a NUL character, which PostgreSQL can't store",
        contact("a\0@example.com").reason());
  }

  @Test
  void malformedUtf8IsRefused() {
    assertEquals(
        "name is not UTF-8; save the export as UTF-8",
        Sheet.ofBytes("link_id,email_address,name\n" + LINK + ",a@example.com,Ren\u00e9\n")
            .contact()
            .reason());
  }

  @Test
  void wrongNumberOfFieldsIsRefused() {
    assertEquals(
        "expected 2 fields, as in the header, found 3",
        Sheet.ofBytes("link_id,email_address\n" + LINK + ",a@example.com,more\n")
            .contact()
            .reason());
  }

  @Test
  void keyIsShownAsLinkAndAddress() {
    assertEquals(LINK + "/a@example.com", contact("A@example.com").row().shownKey());
    assertEquals("", contact("nobody").checked().shownKey());
  }
}
