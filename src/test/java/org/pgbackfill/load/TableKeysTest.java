package org.pgbackfill.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Rows;
import org.pgbackfill.target.Target;
import org.pgbackfill.testkit.Background;
import org.pgbackfill.testkit.Session;
import org.pgbackfill.testkit.TestDatabase;
import org.pgbackfill.testkit.TestServer;

/** Lanes that have the table's keys read at the same time. */
@Tag("database")
class TableKeysTest {
  private static final int LANES = 3;
  private static final int LINKS = 60;
  private static final int KEYS_OF_EACH = 50;
  private static final long BUDGET = 10_000_000;

  private final TestDatabase where = TestServer.shared().database();
  private final KnownKeys known = new KnownKeys(LANES, BUDGET);
  private Database database;
  private TargetTable table;

  @BeforeEach
  void fillTable() {
    Kind.CONTACTS.createTable(where);
    where.run(
        """
        INSERT INTO email_contacts (id, link_id, email_address)
        SELECT gen_random_uuid(), ('c0ffee00-0000-4000-8000-' || lpad(l::text, 12, '0'))::uuid,
          'a' || n || '@example.com'
        FROM generate_series(1, %d) l, generate_series(1, %d) n
        """
            .formatted(LINKS, KEYS_OF_EACH));
    database = Database.open(TestRun.spec(where), TestRun.LIMITS, LANES);
  }

  @AfterEach
  void close() {
    database.close();
  }

  /** One that is there and one that is not, of each link from one to another, by lane. */
  private List<Rows> rows(int fromLink, int toLink) throws SourceException, SQLException {
    StringBuilder csv = new StringBuilder("link_id,email_address\n");
    for (int link = fromLink; link <= toLink; link++) {
      csv.append("c0ffee00-0000-4000-8000-%012d,a%d@example.com\n".formatted(link, 1 + link % 40));
      csv.append("c0ffee00-0000-4000-8000-%012d,b@example.com\n".formatted(link));
    }
    List<List<Row>> rows = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      rows.add(new ArrayList<>());
    }
    try (CsvSource source =
        CsvSource.open(
            List.of(CsvSource.STDIN),
            new ByteArrayInputStream(csv.toString().getBytes(StandardCharsets.UTF_8)))) {
      Target target = Kind.CONTACTS.target(source.files());
      table = TargetTable.inspect(database, target, Notify.OFF);
      for (CsvRecord record = source.next(); record != null; record = source.next()) {
        Row row = (Row) target.check(record, number -> new UUID(0, number));
        rows.get(row.lane(LANES)).add(row);
      }
    }
    return rows.stream().map(Rows::of).toList();
  }

  private TableKeys keys(boolean isGentle, long most) {
    Existence.Facts facts = new Existence.Facts(LANES, isGentle, Long.MAX_VALUE, false, false);
    return new TableKeys(database, table, known, most, facts, Existence.Rests.NONE);
  }

  /** What was there when the keys were read is known, and nothing else is. */
  private void assertKnown(int lane, Rows rows) {
    KeySet.Answer[] answers = new KeySet.Answer[rows.size()];
    known.take(lane, rows, answers, Existence.Rests.NONE);
    KeySet.Answer[] expected = new KeySet.Answer[rows.size()];
    Arrays.setAll(
        expected,
        place ->
            rows.get(place).keyText().startsWith("a") ? KeySet.Answer.THERE : KeySet.Answer.NEW);
    assertEquals(List.of(expected), List.of(answers));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoeverReadsAShareEachLaneKnowsAll(boolean isGentle) throws Exception {
    List<Rows> first = rows(1, LINKS / 2);
    List<Rows> rest = rows(LINKS / 3, LINKS);
    TableKeys keys = keys(isGentle, Long.MAX_VALUE - 1);
    List<Background<Boolean>> lanes = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      int its = lane;
      lanes.add(
          Background.start(
              () -> {
                boolean isKnown = keys.read(first.get(its));
                assertKnown(its, first.get(its));
                return isKnown && keys.read(rest.get(its));
              }));
    }
    for (int lane = 0; lane < LANES; lane++) {
      assertTrue(lanes.get(lane).join());
    }
    for (int lane = 0; lane < LANES; lane++) {
      assertTrue(keys.read(rest.get(lane)));
    }
  }

  /** The control of the test above: without reading nothing is known to be there. */
  @Test
  void unreadNothingIsKnown() throws Exception {
    Rows rows = rows(1, LINKS).get(0);
    assertThrows(AssertionError.class, () -> assertKnown(0, rows));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatOneLaneCouldNotReadAnotherDoes(boolean isGentle) throws Exception {
    List<Rows> rows = rows(1, LINKS);
    TableKeys keys = keys(isGentle, Long.MAX_VALUE - 1);
    try (Session holder = Session.open(where)) {
      holder.run("LOCK TABLE email_contacts IN ACCESS EXCLUSIVE MODE");
      Background<String> dies = Background.start(() -> failure(keys, rows.get(0)));
      where.awaitWaiting(1);
      Background<Boolean> waits = Background.start(() -> keys.read(rows.get(1)));
      if (!isGentle) {
        where.awaitWaiting(2);
      }
      holder.run(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'
          ORDER BY query_start LIMIT 1
          """);
      assertTrue(Set.of("57P01", "08006").contains(dies.join()));
      holder.rollback();
      assertTrue(waits.join());
    }
    assertKnown(1, rows.get(1));
    assertTrue(keys.read(rows.get(0)));
    assertKnown(0, rows.get(0));
  }

  private static String failure(TableKeys keys, Rows rows) {
    return assertThrows(SQLException.class, () -> keys.read(rows)).getSQLState();
  }

  @Test
  void whereThereAreTooManyAllLanesHearOfIt() throws Exception {
    List<Rows> rows = rows(1, LINKS);
    TableKeys keys = keys(false, 5 * KEYS_OF_EACH);
    assertFalse(keys.read(rows.get(0)));
    assertFalse(keys.read(rows.get(1)));
    assertTrue(keys(false, LINKS * KEYS_OF_EACH).read(rows.get(0)));
  }
}
