package org.pgbackfill.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.pgbackfill.testkit.Layout.Kind;

/**
 * Writes the files under {@code samples/}, always the same:
 *
 * <pre>
 * java -cp target/test-classes org.pgbackfill.testkit.SampleWriter samples
 * </pre>
 */
public final class SampleWriter {
  /** One whose contacts have the rarest things too, such as names as long as allowed. */
  private static final long SEED = 88;

  private static final int LINKS = 8;
  private static final int CONTACT_KEYS = 4_400;
  private static final int PLANTED_CONTACTS = 6;
  private static final int PLANTED_JOBS = 4;

  private SampleWriter() {}

  /**
   * A record put between the generated ones.
   *
   * @param before the position of the record that follows it
   * @param what what is wrong with it
   */
  private record Planted(long before, String record, String what) {}

  /** A file's text, and on which physical line (1-based) each planted record came to stand. */
  private record Sample(String text, SortedMap<Integer, String> badLines) {}

  /**
   * Writes the files.
   *
   * @param args the directory
   */
  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]);
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      Files.write(directory.resolve(file.getKey()), file.getValue());
    }
  }

  /** Name and content of each file. */
  static Map<String, byte[]> files() throws IOException {
    ContactExport contacts =
        new ContactExport(
            ExportOptions.of(3_000 - PLANTED_CONTACTS, SEED)
                .withKeys(CONTACT_KEYS, 0)
                .withLinks(LINKS)
                .withRepeats(3));
    ContactExport more =
        new ContactExport(
            ExportOptions.of(1_500, SEED)
                .withKeys(CONTACT_KEYS, 2_300)
                .withLinks(LINKS)
                .withRepeats(3));
    JobExport jobs =
        new JobExport(ExportOptions.of(2_000 - PLANTED_JOBS, SEED).withRepeats(3).withUnkeyed(40));

    Sample contactSample = sample(contacts, badContacts(contacts));
    Sample moreSample = sample(more, List.of());
    Sample jobSample = sample(jobs, badJobs());
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("contacts.csv", utf8(contactSample.text()));
    files.put("contacts-more.csv.gz", gzip(utf8(moreSample.text())));
    files.put("jobs.csv", utf8(jobSample.text()));
    files.put("README.md", utf8(readme(contacts, contactSample, more, jobs, jobSample)));
    return files;
  }

  private static List<Planted> badContacts(ContactExport contacts) {
    String link = contacts.linkId(3);
    String longName = "Please call only after 5 pm, mornings I am in the lab. ".repeat(5).strip();
    return List.of(
        new Planted(
            411,
            "550e8400-e29b-41d4-a716-44665544000,lars.olsen@example.com,Lars Olsen",
            "link_id is one digit short of a uuid"),
        new Planted(890, link + ",,Mia Fischer", "no address"),
        new Planted(1303, link + ",anna@@example.com,Anna Lee", "malformed address"),
        new Planted(
            1777, link + ",rosa.silva@example.com,Silva, Rosa", "four fields instead of three"),
        new Planted(
            2222,
            link + ",yara.costa@example.com,\"" + longName + "\"",
            "name of " + longName.length() + " characters, 255 are allowed"),
        new Planted(
            placeForStrayQuote(contacts),
            link + ",kim@example.com,\"Kim",
            "a quote is opened and not closed on the line; the following lines are fine"));
  }

  /**
   * Where the next record is an ordinary one and a quoted field comes soon after: a parser that
   * reads on from the stray quote ends up in the middle of that field.
   */
  private static long placeForStrayQuote(ContactExport contacts) {
    long place = 2_600;
    while (contacts.record(place).contains("\"")
        || !contacts.record(place + 1).contains(",\"")
        || contacts.record(place + 1).contains("\n")) {
      place++;
    }
    return place;
  }

  private static List<Planted> badJobs() {
    return List.of(
        new Planted(
            303,
            "app.mail.send_welcome,mail,{'user_id': 17},0,3,,welcome-17,,",
            "kwargs is not JSON"),
        new Planted(
            777,
            "app.mail.send_digest,mail,\"[17, 18, 19]\",0,3,,,,",
            "kwargs is an array instead of an object"),
        new Planted(1212, ",reports,\"{\"\"user_id\"\": 17}\",0,1,,export 17,,", "func is empty"),
        new Planted(
            1717,
            "app.exports.build,reports,\"{\"\"user_id\"\": 17}\",high,1,,,,",
            "priority is the word \"high\""));
  }

  private static Sample sample(Export export, List<Planted> planted) {
    StringBuilder text = new StringBuilder(export.header()).append('\n');
    SortedMap<Integer, String> badLines = new TreeMap<>();
    List<Planted> waiting = new ArrayList<>(planted);
    for (long position = 0; position < export.options().records(); position++) {
      if (!waiting.isEmpty() && waiting.get(0).before() == position) {
        Planted bad = waiting.remove(0);
        badLines.put(1 + lineBreaks(text), bad.what());
        text.append(bad.record()).append('\n');
      }
      export.append(text, position);
      text.append('\n');
    }
    return new Sample(text.toString(), badLines);
  }

  private static int lineBreaks(CharSequence text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Packed without time or name (RFC 1952 allows zero), so that packing again changes nothing. */
  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }

  private static String readme(
      Export contacts, Sample contactSample, Export more, Export jobs, Sample jobSample) {
    Set<Long> contactKeys = keys(contacts);
    Set<Long> moreKeys = keys(more);
    Set<Long> allKeys = new HashSet<>(contactKeys);
    allKeys.addAll(moreKeys);
    long unkeyed = count(jobs, Kind.UNKEYED);
    return String.format(
        Locale.ROOT,
        """
        # Samples

        Made up, but made to look like life: names and addresses in many scripts, emoji, quotes, line breaks
        and backslashes inside fields, stray blanks and upper case around addresses, empty names.
        The tool lower-cases and trims addresses, so some repeats show only then.

        | file | records | keys | repeats of a key | bad |
        |---|---|---|---|---|
        | `contacts.csv` | %,d | %,d | %,d | %,d |
        | `contacts-more.csv.gz` | %,d | %,d, of which %,d are in `contacts.csv` as well | %,d | 0 |
        | `jobs.csv` | %,d | %,d, and %,d jobs without unique key | %,d | %,d |

        Loaded into empty tables, both files of contacts together give %,d rows (%,d from `contacts.csv`,
        %,d more from the other), `jobs.csv` gives %,d. The contacts belong to %d links.

        The bad records of `contacts.csv`, by line (the header is line 1):

        %s
        Those of `jobs.csv`:

        %s
        All of this, this file included, is written by `SampleWriter` from a fixed seed, and a test compares:

            java -cp target/test-classes org.pgbackfill.testkit.SampleWriter samples

        Larger exports of the same kind come from `ExportGenerator` beside it.
        """,
        contacts.options().records() + contactSample.badLines().size(),
        contactKeys.size(),
        count(contacts, Kind.REPEAT),
        contactSample.badLines().size(),
        more.options().records(),
        moreKeys.size(),
        contactKeys.size() + moreKeys.size() - allKeys.size(),
        count(more, Kind.REPEAT),
        jobs.options().records() + jobSample.badLines().size(),
        keys(jobs).size(),
        unkeyed,
        count(jobs, Kind.REPEAT),
        jobSample.badLines().size(),
        allKeys.size(),
        contactKeys.size(),
        allKeys.size() - contactKeys.size(),
        keys(jobs).size() + unkeyed,
        LINKS,
        list(contactSample.badLines()),
        list(jobSample.badLines()));
  }

  private static String list(SortedMap<Integer, String> badLines) {
    StringBuilder list = new StringBuilder();
    badLines.forEach(
        (line, what) -> list.append("- ").append(line).append(": ").append(what).append('\n'));
    return list.toString();
  }

  private static long count(Export export, Kind kind) {
    long count = 0;
    for (long position = 0; position < export.options().records(); position++) {
      count += export.layout().kindAt(position) == kind ? 1 : 0;
    }
    return count;
  }

  private static Set<Long> keys(Export export) {
    Set<Long> keys = new HashSet<>();
    for (long position = 0; position < export.options().records(); position++) {
      if (export.layout().kindAt(position) == Kind.FRESH) {
        keys.add(export.layout().keyAt(position));
      }
    }
    return keys;
  }
}
