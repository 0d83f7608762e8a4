package org.pgbackfill.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Refused records with their reasons, in a file that loads again once it is mended. */
@Tag("database")
class RejectFileTest {
  private static final String HEADER = "link_id,email_address,name";

  private Trial trial;

  @BeforeEach
  void begin(@TempDir Path folder) {
    trial = new Trial(folder);
  }

  private static List<List<Object>> counts(Cli.Result... results) {
    return List.of(results).stream()
        .map(r -> List.<Object>of(r.status(), Trial.counts(r)))
        .toList();
  }

  @Test
  void hasTheOriginalColumnsAndValuesAndThenWhy() throws IOException {
    Path export =
        trial.file(
            "export.csv",
            "Name, LINK_ID ,shoe size,email_address",
            "A," + Trial.LINK + ",\"38,5\",a@example.com",
            "\"B \"\"b\"\"\n\"," + Trial.LINK + ",\"40,5\", nobody ",
            "C,none,,c@example.com");
    Cli.Result result = trial.contacts(export);
    assertEquals(3, result.status(), result::toString);
    assertEquals(trial.rejects.toString(), result.field("rejects_file"));
    assertEquals(
        "Name, LINK_ID ,shoe size,email_address,reject_file,reject_line,reject_reason\n"
            + "\"B \"\"b\"\"\n\","
            + Trial.LINK
            + ",\"40,5\", nobody ,"
            + export
            + ",3,\"email_address \"\"nobody\"\" is not an address\"\n"
            + "C,none,,c@example.com,"
            + export
            + ",5,\"link_id \"\"none\"\" is not a uuid\"\n",
        Files.readString(trial.rejects));
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(trial.rejects)));
  }

  @Test
  void isMadeOnlyWhenThereIsSomethingToPutIn() {
    Path export = trial.file("export.csv", HEADER, Trial.LINK + ",a@example.com,A");
    Cli.Result result = trial.contacts(export);
    assertEquals(0, result.status(), result::toString);
    assertEquals("null", result.field("rejects_file"));
    assertFalse(Files.exists(trial.rejects));
  }

  @Test
  void mendedItLoadsAgainAsItIs() throws IOException {
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            Trial.LINK + ",a@example.com,A",
            Trial.LINK + ",b@@example.com,\"B,\"",
            Trial.LINK + ",c@example.com",
            Trial.LINK + ",\"d@example.com,D");
    Cli.Result first = trial.contacts(export);
    assertEquals(
        List.of(
            List.of(
                "link_id", "email_address", "name", "reject_file", "reject_line", "reject_reason"),
            List.of(
                Trial.LINK,
                "b@@example.com",
                "B,",
                "export.csv",
                "3",
                "email_address \"b@@example.com\" is not an address"),
            List.of(
                "",
                "",
                Trial.LINK + ",c@example.com",
                "export.csv",
                "4",
                "expected 3 fields, as in the header, found 2"),
            List.of(
                "",
                "",
                Trial.LINK + ",\"d@example.com,D",
                "export.csv",
                "5",
                "a quote opens a field that no later line closes")),
        trial.rejects());

    String mended =
        Files.readString(trial.rejects)
            .replace("b@@", "b@")
            .replace(",,\"" + Trial.LINK + ",c@example.com\",", Trial.LINK + ",c@example.com,,")
            .replace(
                ",,\"" + Trial.LINK + ",\"\"d@example.com,D\",", Trial.LINK + ",d@example.com,D,");
    Path again = Files.writeString(trial.folder.resolve("mended.csv"), mended);
    Files.delete(trial.rejects);
    Cli.Result second = trial.contacts(again);
    assertEquals(
        List.of(List.of(3, List.of(4L, 1L, 0L, 0L, 3L)), List.of(0, List.of(3L, 3L, 0L, 0L, 0L))),
        counts(first, second));
    assertEquals("", second.err(), "no notice that reject columns are left out");
    assertFalse(Files.exists(trial.rejects));
    assertEquals(
        List.of("a@example.com|A", "b@example.com|B,", "c@example.com|~", "d@example.com|D"),
        trial.database.rows("SELECT email_address, name FROM email_contacts ORDER BY 1"));
  }

  @Test
  void unmendedItIsRefusedAgainAsOftenAsItIsLoaded() throws IOException {
    Path export =
        trial.file(
            "export.csv",
            HEADER,
            Trial.LINK + ",a@@example.com,A",
            "one field",
            Trial.LINK + ",b@example.com,B,b",
            Trial.LINK + ",c@example.com,\"C",
            Trial.LINK + ",d\"@example.com,D",
            "none,e@example.com,E");
    trial.contacts(export);
    List<List<String>> first = trial.rejects();
    List<List<String>> values = first.stream().map(r -> r.subList(0, 3)).toList();
    for (int round = 0; round < 3; round++) {
      Path again = trial.folder.resolve("again-" + round + ".csv");
      Files.move(trial.rejects, again);
      Cli.Result result = trial.contacts(again);
      assertEquals(List.of(List.of(3, List.of(6L, 0L, 0L, 0L, 6L))), counts(result));
      List<List<String>> rejects = trial.rejects();
      assertEquals(values, rejects.stream().map(r -> r.subList(0, 3)).toList());
      assertEquals(
          List.of(first.get(1).get(5), first.get(6).get(5)),
          List.of(rejects.get(1).get(5), rejects.get(6).get(5)));
    }
    assertEquals(0, trial.database.number("SELECT count(*) FROM email_contacts"));
  }

  @Test
  void theTextOfAnUnreadRecordIsNotTakenForAJob() throws IOException {
    // In the last column, func, it would be one.
    Path export = trial.file("jobs.csv", "queue,func", "default,f", "default,g,more");
    Path alone = trial.file("func.csv", "func", "f", "g,more");
    trial.jobs(export);
    assertEquals(
        List.of(
            List.of("queue", "func", "reject_file", "reject_line", "reject_reason"),
            List.of(
                "default,g,more",
                "",
                "jobs.csv",
                "3",
                "expected 2 fields, as in the header, found 3")),
        trial.rejects());
    Path again = Files.move(trial.rejects, trial.folder.resolve("again.csv"));
    Cli.Result result = trial.jobs(again);
    assertEquals(List.of(List.of(3, List.of(1L, 0L, 0L, 0L, 1L))), counts(result));

    Files.delete(trial.rejects);
    trial.jobs(alone);
    assertEquals(
        List.of(
            List.of("func", "reject_file", "reject_line", "reject_reason"),
            List.of("", "func.csv", "3", "expected 1 fields, as in the header, found 2: g,more")),
        trial.rejects());
    Path aloneAgain = Files.move(trial.rejects, trial.folder.resolve("alone-again.csv"));
    result = trial.jobs(aloneAgain);
    assertEquals(List.of(List.of(3, List.of(1L, 0L, 0L, 0L, 1L))), counts(result));
    assertEquals(2, trial.database.number("SELECT count(*) FROM chancy_jobs WHERE func = 'f'"));
    assertEquals(2, trial.database.number("SELECT count(*) FROM chancy_jobs"));
  }

  @Test
  void bytesThatAreNotUtf8AreKept() throws IOException {
    byte[] line = (Trial.LINK + ",z@example.com,Zo\u00eb \"\u00ff\n").getBytes(ISO_8859_1);
    byte[] quoted = (Trial.LINK + ",z@example.com,\"Zo\u00eb, \u00ff\"\n").getBytes(ISO_8859_1);
    byte[] header = (HEADER + "\n").getBytes(ISO_8859_1);
    byte[] file = new byte[header.length + line.length + quoted.length];
    System.arraycopy(header, 0, file, 0, header.length);
    System.arraycopy(line, 0, file, header.length, line.length);
    System.arraycopy(quoted, 0, file, header.length + line.length, quoted.length);
    Path export = trial.bytes("export.csv", file);

    Cli.Result result = trial.contacts(export, "--outcomes", "/dev/null");

    assertEquals(List.of(List.of(3, List.of(2L, 0L, 0L, 0L, 2L))), counts(result));
    String expected =
        HEADER
            + ",reject_file,reject_line,reject_reason\n"
            + ",,\""
            + Trial.LINK
            + ",z@example.com,Zo\u00eb \"\"\u00ff\","
            + export
            + ",2,a quote stands inside a field that does not start with one\n"
            + Trial.LINK
            + ",z@example.com,\"Zo\u00eb, \u00ff\","
            + export
            + ",3,name is not UTF-8; save the export as UTF-8\n";
    assertArrayEquals(expected.getBytes(ISO_8859_1), Files.readAllBytes(trial.rejects));
  }

  @Test
  void ofSeveralFilesHasTheColumnsOfAll() {
    Path one = trial.file("one.csv", HEADER, Trial.LINK + ",a@,A");
    Path two =
        trial.file(
            "two.csv",
            "NAME,email_address,sfs_photo_url,link_id,extra",
            "B,b@,http://b," + Trial.OTHER + ",x",
            "C,c@");
    Cli.Result result = trial.contacts(one, two);
    assertEquals(List.of(List.of(3, List.of(3L, 0L, 0L, 0L, 3L))), counts(result));
    assertEquals("pgbackfill: no column for extra: left out\n", result.err());
    String reason = "email_address \"%s\" is not an address";
    assertEquals(
        List.of(
            List.of(
                "link_id",
                "email_address",
                "name",
                "sfs_photo_url",
                "extra",
                "reject_file",
                "reject_line",
                "reject_reason"),
            List.of(Trial.LINK, "a@", "A", "", "", "one.csv", "2", reason.formatted("a@")),
            List.of(
                Trial.OTHER, "b@", "B", "http://b", "x", "two.csv", "2", reason.formatted("b@")),
            List.of(
                "",
                "",
                "",
                "",
                "C,c@",
                "two.csv",
                "3",
                "expected 5 fields, as in the header, found 2")),
        trial.rejects());
  }

  @Test
  void itsOwnColumnsAreNotRepeatedWhenItIsLoadedAgain() {
    Path export =
        trial.file(
            "rejects-of-yesterday.csv",
            "link_id,email_address,reject_file,reject_line,Reject_Reason",
            Trial.LINK + ",a@,old.csv,17,because");
    trial.contacts(export);
    assertEquals(
        List.of(
            List.of("link_id", "email_address", "reject_file", "reject_line", "reject_reason"),
            List.of(
                Trial.LINK,
                "a@",
                "rejects-of-yesterday.csv",
                "2",
                "email_address \"a@\" is not an address")),
        trial.rejects());
  }

  @Test
  void oneThatIsThereIsKept() throws IOException {
    Files.writeString(trial.rejects, "from yesterday\n");
    Path export = trial.file("export.csv", HEADER, Trial.LINK + ",a@,A");
    Cli.Result result = trial.contacts(export);
    Path old = trial.folder.resolve("rejects.csv.old");
    assertEquals(
        "pgbackfill: "
            + trial.rejects
            + " was there from an earlier run; it is kept as "
            + old
            + "\n",
        result.err());
    assertEquals("from yesterday\n", Files.readString(old));
    assertEquals(2, trial.rejects().size());
  }

  @Test
  void aFileToLoadIsNeverOverwritten() throws IOException {
    Path export = trial.file("export.csv", HEADER, Trial.LINK + ",a@,A");
    Path link = Files.createSymbolicLink(trial.folder.resolve("link.csv"), export);
    String text = Files.readString(export);
    for (Path same : List.of(export, link, trial.folder.resolve("./x/../export.csv"))) {
      Cli.Result result = trial.contacts(export, "--rejects", same);
      assertEquals(2, result.status(), result::toString);
      assertEquals(
          "pgbackfill: --rejects "
              + same
              + " is a file to load as well; name another for the rejects\n",
          result.err());
      result = trial.contacts(export, "--outcomes", same);
      assertEquals(2, result.status(), result::toString);
      assertEquals(
          "pgbackfill: --outcomes "
              + same
              + " is a file to load as well; name another for the outcomes\n",
          result.err());
    }
    assertEquals(text, Files.readString(export));
    assertTrue(Files.isSymbolicLink(link));
  }

  @Test
  void aFileToLoadIsNotReplacedByAnOldRejectFile() throws IOException {
    Files.writeString(trial.rejects, "from yesterday\n");
    Path old = trial.file("rejects.csv.old", HEADER, Trial.LINK + ",a@example.com,mended");
    Cli.Result result = trial.contacts(old);
    assertEquals(2, result.status(), result::toString);
    assertEquals(
        "pgbackfill: --rejects "
            + trial.rejects
            + " is there from an earlier run and would be kept as "
            + old
            + ", which this run needs for something else; name another for the rejects\n",
        result.err());
    assertTrue(Files.readString(old).contains("mended"));
    Files.delete(trial.rejects);
    assertEquals(0, trial.contacts(old).status());
  }

  @Test
  void aPlaceWhereItCanNotBeMadeIsRefusedBeforeTheFirstRecord() throws IOException {
    Path export = trial.file("export.csv", HEADER, Trial.LINK + ",a@example.com,A");
    Path missing = trial.folder.resolve("missing");
    Cli.Result result = trial.contacts(export, "--rejects", missing.resolve("r.csv"));
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: --rejects "
            + missing
            + "/r.csv: can't be written: there is no folder "
            + missing
            + " to write to\n",
        result.err());
    result = trial.contacts(export, "--rejects", trial.folder);
    assertEquals(1, result.status(), result::toString);
    assertEquals(
        "pgbackfill: --rejects "
            + trial.folder
            + ": can't be written: it is a folder; name a file in it\n",
        result.err());
    // The ledger knows of no run that would have to be gone on with.
    assertEquals(0, trial.contacts(export).status());
  }

  @Test
  void withoutANameItIsNamedAfterTheRun() throws IOException {
    Path export = trial.file("export.csv", HEADER, Trial.LINK + ",a@,A");
    Cli.Result result = Cli.on(trial.database).json("contacts", export, "--create-table");
    Path made = Path.of(result.field("rejects_file"));
    try {
      assertEquals(result.field("run") + "-rejects.csv", made.toString());
      assertEquals(2, Trial.records(made).size());
    } finally {
      Files.deleteIfExists(made);
    }
  }

  @Test
  void aFullDiskEndsTheRunWithItsCounters() {
    Path export =
        trial.file("export.csv", HEADER, Trial.LINK + ",a@,A", Trial.LINK + ",b@example.com,B");
    Cli.Result result = trial.contacts(export, "--rejects", "/dev/full");
    assertEquals(List.of(List.of(1, List.of(2L, 1L, 0L, 0L, 1L))), counts(result));
    assertEquals(
        "--rejects /dev/full: can't be written: No space left on device", result.field("reason"));
  }
}
