package org.pgbackfill.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.testkit.Keys;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** The lock order against PostgreSQL's own. */
@Tag("database")
class LockOrderTest {
  private static final CsvRecord RECORD = anyRecord();
  private static final List<String> TEXTS = Keys.texts(5_000, 1);
  private static final List<UUID> UUIDS = Keys.uuids(2_000, 2);

  private final TestDatabase database = TestServer.shared().database();

  @Test
  void textsCompareAsPostgresComparesTheirBytes() throws SQLException {
    assertEquals(textsByPostgres(), sorted(TEXTS, LockOrderTest::compareText));
  }

  @Test
  void uuidsCompareAsPostgresComparesThem() throws SQLException {
    assertEquals(uuidsByPostgres(), sorted(UUIDS, LockOrder::compareUuid));
  }

  /** The controls: the orders that Java offers would swap keys. */
  @Test
  void javasOwnOrdersAreOthers() throws SQLException {
    assertNotEquals(textsByPostgres(), sorted(TEXTS, Comparator.naturalOrder()));
    assertNotEquals(uuidsByPostgres(), sorted(UUIDS, Comparator.naturalOrder()));

    String fullwidth = "\uFF41";
    String emoji = "😀";
    assertTrue(compareText(fullwidth, emoji) < 0);
    assertTrue(fullwidth.compareTo(emoji) > 0);
    UUID low = UUID.fromString("7fffffff-ffff-4fff-bfff-ffffffffffff");
    UUID high = UUID.fromString("80000000-0000-4000-8000-000000000000");
    assertTrue(LockOrder.compareUuid(low, high) < 0);
    assertTrue(low.compareTo(high) > 0);
  }

  @Test
  void aTextSortsBehindItsBeginning() {
    assertTrue(compareText("a", "a😀") < 0);
    assertTrue(compareText("", "a") < 0);
    assertEquals(0, compareText("a😀", "a😀"));
  }

  @Test
  void contactsSortByLinkAndThenByAddress() throws SQLException {
    List<UUID> links = Keys.uuids(40, 3);
    List<String> addresses = Keys.addresses(2_000, 4);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < addresses.size(); i++) {
      rows.add(row(UUIDS.get(i), links.get(i % links.size()), addresses.get(i)));
    }
    assertEquals(
        query(
            """
            SELECT id FROM unnest(?::uuid[], ?::uuid[], ?::text[]) AS r (id, link_id, email_address)
            ORDER BY link_id, email_address COLLATE "C"
            """,
            strings(rows.stream().map(Row::id).toList()),
            strings(rows.stream().map(Row::link).toList()),
            addresses),
        idsInOrder(rows, LockOrder.CONTACTS));
  }

  @Test
  void jobsSortByUniqueKeyAndThenById() throws SQLException {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < UUIDS.size(); i++) {
      // A finished job's key is in no unique index, so it can be there many times.
      rows.add(row(UUIDS.get(i), null, i % 3 == 0 ? null : TEXTS.get(i % 200)));
    }
    assertEquals(
        query(
            """
            SELECT id FROM unnest(?::uuid[], ?::text[]) AS r (id, unique_key)
            ORDER BY coalesce(unique_key, '') COLLATE "C", id
            """,
            strings(rows.stream().map(Row::id).toList()),
            rows.stream().map(Row::keyText).toList()),
        idsInOrder(rows, LockOrder.JOBS));
  }

  @Test
  void rowsThatAreTheSameStayAsTheyStand() {
    UUID link = UUIDS.get(0);
    UUID near = new UUID(link.getMostSignificantBits() ^ 1, link.getLeastSignificantBits());
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      String text = "the same beginning and more" + "x".repeat(i % 7) + (i % 3 == 0 ? "é" : "");
      rows.add(row(UUIDS.get(i % 2_000), i % 2 == 0 ? link : near, text));
    }
    int[] places = sortedPlaces(rows, LockOrder.CONTACTS);
    assertEquals(
        IntStream.range(0, rows.size())
            .boxed()
            .sorted((a, b) -> LockOrder.CONTACTS.compare(rows.get(a), rows.get(b)))
            .toList(),
        Arrays.stream(places).boxed().toList());
  }

  /** Each is the beginning of the next one, and they differ far behind what is looked at first. */
  @Test
  void keysThatAreLongAndAlikeSortToo() {
    String start = "a".repeat(6_000);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      rows.add(row(UUIDS.get(i % 2_000), null, start.substring(0, 3_000 + (i * 7) % 3_000)));
    }
    var unused = idsInOrder(rows, LockOrder.JOBS);
  }

  /** What sorts in files sorts as the lock order has it. */
  @Test
  void bytesSortAsKeysDo() {
    List<UUID> links = Keys.uuids(40, 3);
    List<Row> contacts = new ArrayList<>();
    List<Row> jobs = new ArrayList<>();
    for (int i = 0; i < UUIDS.size(); i++) {
      contacts.add(row(UUIDS.get(i), links.get(i % 40), TEXTS.get(i % TEXTS.size())));
      jobs.add(row(UUIDS.get(i), null, TEXTS.get(i % TEXTS.size())));
    }
    Comparator<Row> byBytes =
        (a, b) -> Arrays.compareUnsigned(LockOrder.keyBytes(a), LockOrder.keyBytes(b));
    assertEquals(idsInOrder(contacts, LockOrder.CONTACTS), idsInOrder(contacts, byBytes));
    Comparator<Row> withIds =
        byBytes.thenComparing(
            (a, b) -> Arrays.compareUnsigned(LockOrder.idBytes(a), LockOrder.idBytes(b)));
    assertEquals(idsInOrder(jobs, LockOrder.JOBS), idsInOrder(jobs, withIds));
  }

  /** Of jobs with these keys. */
  private static int compareText(String a, String b) {
    UUID same = UUIDS.get(0);
    return LockOrder.JOBS.compare(row(same, null, a), row(same, null, b));
  }

  private static Row row(UUID id, UUID link, String keyText) {
    return Row.of(RECORD, id, null, link, keyText, keyText != null, new String[0]);
  }

  private static List<String> idsInOrder(List<Row> rows, Comparator<Row> order) {
    List<UUID> compared = sorted(rows, order).stream().map(Row::id).toList();
    List<UUID> byBytes =
        Arrays.stream(sortedPlaces(rows, order)).mapToObj(i -> rows.get(i).id()).toList();
    assertEquals(compared, byBytes);
    return strings(compared);
  }

  private static int[] sortedPlaces(List<Row> rows, Comparator<Row> order) {
    return LockOrder.sort(Rows.of(rows), IntStream.range(0, rows.size()).toArray(), order);
  }

  private static CsvRecord anyRecord() {
    InputStream csv = new ByteArrayInputStream("func\nf\n".getBytes(StandardCharsets.UTF_8));
    try (CsvSource source = CsvSource.open(List.of(CsvSource.STDIN), csv)) {
      return source.next();
    } catch (SourceException e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> List<T> sorted(List<T> list, Comparator<? super T> order) {
    return list.stream().sorted(order).toList();
  }

  private List<String> textsByPostgres() throws SQLException {
    return query("SELECT k FROM unnest(?::text[]) AS k ORDER BY k COLLATE \"C\"", TEXTS);
  }

  private List<UUID> uuidsByPostgres() throws SQLException {
    return query("SELECT k FROM unnest(?::uuid[]) AS k ORDER BY k", strings(UUIDS)).stream()
        .map(UUID::fromString)
        .toList();
  }

  private static List<String> strings(List<UUID> ids) {
    return ids.stream().map(UUID::toString).toList();
  }

  @SafeVarargs
  private List<String> query(String sql, List<String>... arrays) throws SQLException {
    try (Connection connection = database.connect();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arrays.length; i++) {
        statement.setArray(i + 1, connection.createArrayOf("text", arrays[i].toArray()));
      }
      List<String> values = new ArrayList<>();
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          values.add(result.getString(1));
        }
      }
      return values;
    }
  }
}
