package org.pgbackfill.target;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.SourceFile;

/**
 * Contacts: who writes to or is written from a mailbox. The arbiter is the unique index on {@code
 * (link_id, email_address)}; addresses are trimmed and lower-cased before they are compared.
 */
public final class ContactsTarget implements Target {
  /** The table where no other is named. */
  public static final String DEFAULT_TABLE = "email_contacts";

  /**
   * {@code varchar(320)}: 64 for the local part, 255 for the domain (RFC 5321, 4.5.3.1), and the at
   * sign.
   */
  private static final int ADDRESS_LENGTH = 320;

  private static final int NAME_LENGTH = 255;

  private static final List<String> KNOWN =
      List.of(
          "id",
          "link_id",
          "email_address",
          "name",
          "original_photo_url",
          "sfs_photo_url",
          "created_at",
          "updated_at");

  private static final int ID = 0;
  private static final int LINK_ID = 1;
  private static final int EMAIL_ADDRESS = 2;
  private static final int NAME = 3;
  private static final int CREATED_AT = 6;
  private static final int UPDATED_AT = 7;

  private final String table;
  private final Mapping mapping;
  private final UUID link;
  private final List<Column> columns;
  private final int[] written;
  private final Layout[] layouts;
  private final OnExisting onExisting;
  private final Links links = new Links();

  /**
   * Fits the files' headers to the table.
   *
   * @param table the table's name
   * @param files with their headers
   * @param renamed column to header name
   * @param link the link of every contact, where the files have no such column; null where they
   *     have
   * @throws HeaderException when a header lacks a column, or the link is given twice
   */
  public ContactsTarget(
      String table, List<SourceFile> files, Map<String, String> renamed, UUID link) {
    this(table, files, renamed, link, OnExisting.KEEP);
  }

  /**
   * The same, which may change contacts that are there.
   *
   * @param table the table's name
   * @param files with their headers
   * @param renamed column to header name
   * @param link the link of every contact, or null
   * @param onExisting what becomes of contacts that are there
   * @throws HeaderException as above, and when there would be nothing to change
   */
  public ContactsTarget(
      String table,
      List<SourceFile> files,
      Map<String, String> renamed,
      UUID link,
      OnExisting onExisting) {
    this.table = table;
    this.mapping = new Mapping(KNOWN, renamed, files);
    this.link = link;
    this.onExisting = onExisting;
    mapping.require("email_address", files, "");
    if (link == null) {
      mapping.require("link_id", files, ", or give one link to all with --link-id UUID");
    } else if (mapping.has("link_id")) {
      throw new HeaderException(
          "--link-id "
              + link
              + " is for files without a column link_id; these have one: leave the option out");
    }
    List<Integer> positions = new ArrayList<>(List.of(ID, LINK_ID, EMAIL_ADDRESS));
    for (int c = NAME; c < KNOWN.size(); c++) {
      if (mapping.has(KNOWN.get(c))) {
        positions.add(c);
      }
    }
    this.written = positions.stream().mapToInt(Integer::intValue).toArray();
    this.columns = positions.stream().map(this::column).toList();
    this.layouts = Layout.of(files, mapping, written, new String[written.length], EMAIL_ADDRESS);
    if (onExisting != OnExisting.KEEP && !files.isEmpty() && changeable().isEmpty()) {
      throw new HeaderException(
          "--on-existing "
              + onExisting.word()
              + ": "
              + files.get(0).name()
              + " has no column to change; expected one or more of "
              + String.join(", ", KNOWN.subList(NAME, CREATED_AT)));
    }
  }

  private Column column(int known) {
    boolean given = known != ID || mapping.has("id");
    Column column = given ? Column.given(KNOWN.get(known)) : Column.supplied(KNOWN.get(known));
    return known == CREATED_AT || known == UPDATED_AT ? column.orElse("now()") : column;
  }

  @Override
  public String table() {
    return table;
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public List<String> ignored() {
    return mapping.ignored();
  }

  @Override
  public String required() {
    return mapping.header("email_address");
  }

  @Override
  public Comparator<Row> lockOrder() {
    return LockOrder.CONTACTS;
  }

  @Override
  public OnExisting onExisting() {
    return onExisting;
  }

  /** A contact's times are the table's own: when it came, and when it last changed there. */
  @Override
  public List<Integer> changeable() {
    return onExisting == OnExisting.KEEP
        ? List.of()
        : IntStream.range(NAME, written.length)
            .filter(c -> written[c] < CREATED_AT)
            .boxed()
            .toList();
  }

  @Override
  public boolean gives(Row row, int column) {
    return onExisting == OnExisting.OVERWRITE
        ? mapping.position(row.record().file(), written[column]) >= 0
        : row.value(column) != null;
  }

  @Override
  public Checked check(CsvRecord record, LongFunction<UUID> derived) {
    try {
      Checks.text(record);
      Row plain = record.isPlain() ? plainRow(record, derived) : null;
      return plain == null ? row(record, derived) : plain;
    } catch (Checks.Refused e) {
      return new Reject(record, e.getMessage());
    }
  }

  /**
   * The quick way for a record whose values need no change, without a string for each.
   *
   * @return null when it is not that plain
   */
  private Row plainRow(CsvRecord record, LongFunction<UUID> derived) throws Checks.Refused {
    Layout layout = layouts[record.file().index()];
    int address = layout.keyPosition();
    UUID of = link == null ? plainLink(record, layout.position(LINK_ID)) : link;
    if (of == null || layout.has(record, ID) || !isAddress(record, address)) {
      return null;
    }
    for (int i = NAME; i < written.length; i++) {
      if (layout.has(record, i)) {
        int position = layout.position(i);
        if (written[i] == NAME && record.end(position) - record.start(position) > NAME_LENGTH) {
          return null;
        }
        if (written[i] == CREATED_AT || written[i] == UPDATED_AT) {
          var unused = checked(written[i], record.field(position));
        }
      }
    }
    return Row.plainContact(record, derived, of, layout);
  }

  /** False also for one that is to be trimmed or lower-cased. */
  private static boolean isAddress(CsvRecord record, int position) throws Checks.Refused {
    int start = record.start(position);
    int end = record.end(position);
    if (Checks.isPlainAddress(record.bytes(), start, end)) {
      return true;
    }
    String address = record.field(position);
    if (end - start > ADDRESS_LENGTH
        || address.isEmpty()
        || !address.equals(address.strip().toLowerCase(Locale.ROOT))) {
      return false;
    }
    var unused = Checks.address("email_address", address);
    return true;
  }

  private UUID plainLink(CsvRecord record, int position) {
    return links.get(record.bytes(), record.start(position), record.end(position));
  }

  private Row row(CsvRecord record, LongFunction<UUID> derived) throws Checks.Refused {
    String givenId = field(record, ID);
    UUID id = givenId.isEmpty() ? null : Checks.uuid("id", givenId);
    UUID of = link;
    if (of == null) {
      String value = field(record, LINK_ID);
      if (value.isEmpty()) {
        throw new Checks.Refused("link_id is empty; expected a uuid");
      }
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      of = links.get(bytes, 0, bytes.length);
      of = of == null ? Checks.uuid("link_id", value) : of;
    }
    String address = field(record, EMAIL_ADDRESS).strip().toLowerCase(Locale.ROOT);
    if (address.isEmpty()) {
      throw new Checks.Refused("email_address is empty; expected an address");
    }
    Checks.address("email_address", Checks.atMost("email_address", address, ADDRESS_LENGTH));
    String[] values = new String[written.length];
    values[EMAIL_ADDRESS] = address;
    for (int i = NAME; i < written.length; i++) {
      String value = field(record, written[i]);
      values[i] = value.isEmpty() ? null : checked(written[i], value);
    }
    return Row.of(record, id, derived, of, address, true, values);
  }

  private static String checked(int known, String value) throws Checks.Refused {
    String column = KNOWN.get(known);
    return switch (known) {
      case NAME -> Checks.atMost(column, value, NAME_LENGTH);
      case CREATED_AT, UPDATED_AT -> Checks.timestamp(column, value);
      default -> value;
    };
  }

  private String field(CsvRecord record, int known) {
    int position = mapping.position(record.file(), known);
    return position < 0 ? "" : record.field(position);
  }
}
