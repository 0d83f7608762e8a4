package org.pgbackfill.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.pgbackfill.testkit.Csv.Quotes;
import org.pgbackfill.testkit.Dice.Purpose;
import org.pgbackfill.testkit.People.Person;

/**
 * Contacts that look like life. Key numbers run through the links in the order of their ids and
 * within a link through its addresses in the order of their bytes; so a number alone says what the
 * key is, and sorted numbers are sorted keys.
 */
final class ContactExport implements Export {
  static final String HEADER = "link_id,email_address,name";

  private static final int NAME_LIMIT = 255;

  private static final List<String> DOMAINS =
      List.of(
          "example.com",
          "example.com",
          "example.com",
          "example.org",
          "example.net",
          "mail.example",
          "mail.example",
          "post.example",
          "corp.example.com",
          "eu.corp.example.com",
          "uni-nord.example",
          "students.uni-nord.example",
          "city-hospital.example.org",
          "smith-and-sons.example",
          "xn--bcher-kva.example",
          "lists.example.net",
          "4u.example");
  private static final List<String> EMOJI = List.of("🎉", "❤️", "👩‍💻", "🇳🇴", "🦊", "👍🏽");
  private static final List<String> COMPANIES =
      List.of(
          "Smith & Sons, Inc.",
          "Bücher \"Am Markt\" GmbH",
          "ООО «Ромашка»",
          "株式会社サクラ",
          "Müller AG");
  private static final List<String> MALFORMED_ADDRESSES =
      List.of(
          "anna@@example.com",
          "no-at-sign.example.com",
          "@example.com",
          "anna@",
          "anna lee@example.com",
          "anna..lee@example.com",
          "anna@.example.com",
          "anna@lee@example.com");
  private static final List<String> BAD_UUIDS =
      List.of(
          "not-a-uuid", "12345", "1-2-3-4-5", "00000000-0000-0000-0000-00000000000g", "\\N", "");

  private final ExportOptions options;
  private final Layout layout;
  private final List<Person> people = People.all();

  /** Link {@code l} has the keys from {@code linkStarts[l]} to {@code linkStarts[l + 1] - 1}. */
  private final long[] linkStarts;

  ContactExport(ExportOptions options) {
    this.options = options.withUnkeyed(0);
    this.layout = new Layout(this.options);
    this.linkStarts = linkStarts();
  }

  @Override
  public ExportOptions options() {
    return options;
  }

  @Override
  public Layout layout() {
    return layout;
  }

  @Override
  public String header() {
    return HEADER;
  }

  @Override
  public void append(StringBuilder out, long position) {
    switch (layout.kindAt(position)) {
      case BAD -> appendBad(out, position);
      case REPEAT -> appendRepeat(out, position);
      case FRESH, UNKEYED -> appendFresh(out, position);
    }
  }

  private void appendFresh(StringBuilder out, long position) {
    Contact contact = contactOf(layout.keyAt(position));
    Dice dice = dice(Purpose.TEXT, position);
    String address = contact.address();
    int roll = dice.below(50);
    if (roll == 0) {
      address = upperCase(address);
    } else if (roll == 1) {
      address = capitalised(address);
    } else if (roll == 2) {
      address = dice.oneIn(2) ? " " + address : address + "  ";
    }
    appendRecord(out, contact.linkId(), address, freshName(position, contact.person()), dice);
  }

  private void appendRepeat(StringBuilder out, long position) {
    long original = layout.originalOf(position);
    Contact contact = contactOf(layout.keyAt(original));
    Dice dice = dice(Purpose.TEXT, position);
    String address =
        switch (dice.below(5)) {
          case 0 -> upperCase(contact.address());
          case 1 -> capitalised(contact.address());
          case 2 -> "\t" + contact.address() + " ";
          default -> contact.address();
        };
    String taken = freshName(original, contact.person());
    String name = name(dice, contact.person());
    if (name.equals(taken)) {
      name = name.equals(contact.person().plain()) ? name + " (old)" : contact.person().plain();
    }
    appendRecord(out, contact.linkId(), address, name, dice);
  }

  private void appendBad(StringBuilder out, long position) {
    Contact contact = contactOf(layout.keyAt(position));
    Dice dice = dice(Purpose.TEXT, position);
    String name = name(dice, contact.person());
    switch (dice.below(5)) {
      case 0 -> appendRecord(out, dice.pick(BAD_UUIDS), contact.address(), name, dice);
      case 1 -> appendRecord(out, contact.linkId(), dice.oneIn(2) ? "" : "  ", name, dice);
      case 2 -> appendRecord(out, contact.linkId(), dice.pick(MALFORMED_ADDRESSES), name, dice);
      case 3 -> out.append(contact.linkId()).append(',').append(contact.address());
      default -> {
        appendRecord(out, contact.linkId(), contact.address(), name, dice);
        out.append(",\"one, too many\"");
      }
    }
  }

  private static void appendRecord(
      StringBuilder out, String linkId, String address, String name, Dice dice) {
    Quotes quotes = dice.oneIn(16) ? Quotes.ALWAYS : Quotes.WHERE_NEEDED;
    Csv.append(out, linkId, quotes);
    out.append(',');
    Csv.append(out, address, quotes);
    out.append(',');
    Csv.append(out, name, quotes);
  }

  /** The name in the record that is the first one given its key. */
  private String freshName(long position, Person person) {
    return name(dice(Purpose.NAME, position), person);
  }

  private String name(Dice dice, Person person) {
    String plain = person.plain();
    int roll = dice.below(1000);
    if (roll < 80) {
      return "";
    } else if (roll < 120) {
      return person.last().isEmpty() ? plain : person.last() + ", " + person.first();
    } else if (roll < 140) {
      return plain + ", " + dice.pick(COMPANIES);
    } else if (roll < 160) {
      return person.first() + " \"" + nickname(person) + "\" " + person.last();
    } else if (roll < 180) {
      return plain + " " + dice.pick(EMOJI);
    } else if (roll < 190) {
      return plain + options.lineEnd().text() + dice.pick(COMPANIES);
    } else if (roll < 200) {
      return plain.toUpperCase(Locale.ROOT);
    } else if (roll < 203) {
      return "\"" + plain + "\"";
    } else if (roll < 206) {
      return plain + ", C:\\Users\\"; // ends with a backslash, which escapes nothing in RFC 4180
    } else if (roll < 207) {
      return asLongAsAllowed(plain);
    }
    return plain;
  }

  private static String nickname(Person person) {
    return person
            .first()
            .codePoints()
            .limit(2)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        + "o";
  }

  /** As many code points as the column holds, which is more chars and many more bytes. */
  private static String asLongAsAllowed(String plain) {
    return plain + "🦊".repeat(NAME_LIMIT - plain.codePointCount(0, plain.length()));
  }

  /** In upper case where lower case brings the address back: ß, ς and ı don't come back. */
  private static String upperCase(String address) {
    String upper = address.toUpperCase(Locale.ROOT);
    return upper.toLowerCase(Locale.ROOT).equals(address) ? upper : address;
  }

  private static String capitalised(String address) {
    int next = address.offsetByCodePoints(0, 1);
    return upperCase(address.substring(0, next)) + address.substring(next);
  }

  private Dice dice(Purpose purpose, long position) {
    // Two exports that share keys shall not share names: what was skipped belongs to the seed.
    return new Dice(options.seed() ^ options.skip(), purpose, position);
  }

  private record Contact(String linkId, String address, Person person) {}

  private Contact contactOf(long key) {
    int found = Arrays.binarySearch(linkStarts, key);
    int link = found >= 0 ? found : -found - 2;
    long size = linkStarts[link + 1] - linkStarts[link];
    long rank = key - linkStarts[link];
    Dice dice = new Dice(options.seed(), Purpose.KEY, key);

    // The rank's own stretch of all people (or of people times numbers, when they are too few), and
    // one place in it: grows with the rank, never twice the same.
    int digits = 0;
    long places = people.size();
    while (places < size) {
      places *= 10;
      digits++;
    }
    long from = places * rank / size;
    long to = places * (rank + 1) / size;
    long place = from + dice.below(to - from);

    long perPerson = places / people.size();
    Person person = people.get((int) (place / perPerson));
    String number = "";
    if (digits > 0) {
      String padded = Long.toString(perPerson + place % perPerson);
      number = padded.substring(1);
    } else if (dice.oneIn(8)) {
      number = Integer.toString(10 + dice.below(90));
    }
    String domain = person.domain().isEmpty() ? dice.pick(DOMAINS) : person.domain();
    return new Contact(linkId(link), person.local() + number + "@" + domain, person);
  }

  /** Random ids of version 4 that grow with the link's number, as unsigned bytes. */
  String linkId(int link) {
    Dice dice = new Dice(options.seed(), Purpose.LINK, link);
    int links = linkStarts.length - 1;
    long stretch = Long.divideUnsigned(-1L, links);
    long high = stretch * link + Long.remainderUnsigned(dice.nextLong(), stretch);
    high = (high & ~0xf000L) | 0x4000L;
    long low = (dice.nextLong() >>> 2) | (1L << 63);
    return new UUID(high, low).toString();
  }

  /** Few links with many contacts, many with few, none without. */
  private long[] linkStarts() {
    int links = options.links();
    Permutation ranks = new Permutation(links, options.seed());
    double[] sums = new double[links + 1];
    for (int link = 0; link < links; link++) {
      sums[link + 1] = sums[link] + StrictMath.pow(ranks.at(link) + 3.0, -0.9);
    }
    long[] starts = new long[links + 1];
    for (int link = 0; link < links; link++) {
      starts[link] = link + (long) ((options.keys() - links) * (sums[link] / sums[links]));
    }
    starts[links] = options.keys();
    return starts;
  }
}
