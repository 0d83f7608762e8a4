package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.pgbackfill.load.Chunk;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.ContactsTarget;

/** What the reader finds to be there while it fills a window. */
class WindowTest {
  private static final int LANES = 2;

  private final Window window = new Window(1_000, 1_000, LANES);
  private final List<Chunk> looked = new ArrayList<>();
  private int read;

  private void read(int records) throws SourceException {
    StringBuilder csv = new StringBuilder("email_address\n");
    for (int i = 0; i < records; i++) {
      csv.append('a').append(read++).append("@example.com\n");
    }
    try (CsvSource source =
        CsvSource.open(
            List.of("-"),
            new ByteArrayInputStream(csv.toString().getBytes(StandardCharsets.UTF_8)))) {
      ContactsTarget target =
          new ContactsTarget("contacts", source.files(), Map.of(), new UUID(1, 2));
      for (int i = 0; i < records; i++) {
        window.add(target.check(source.next(), number -> null), null);
      }
    }
  }

  private void look(boolean areThere) {
    window.look(
        chunk -> {
          looked.add(chunk);
          return areThere;
        });
  }

  private int looked() {
    return looked.stream().mapToInt(chunk -> chunk.rows().size()).sum();
  }

  private int there() {
    return window.deal().stream().mapToInt(Window.Part::there).sum();
  }

  @Test
  void eachRecordIsLookedUpOnceByItsLane() throws SourceException {
    read(50);
    look(true);
    read(30);
    look(true);
    assertEquals(80, looked());
    assertEquals(List.of(0, 1, 0, 1), looked.stream().map(Chunk::lane).toList());
    assertEquals(80, there());
    for (Window.Part part : window.deal()) {
      assertEquals(part.size(), part.there());
      assertEquals(7, part.first(7).there());
      assertEquals(part.size() - 7, part.behind(7).there());
    }
  }

  @Test
  void whatComesBehindTheLastLookIsLeftToTheLanes() throws SourceException {
    read(50);
    look(true);
    read(30);
    assertEquals(50, there());
  }

  /** The control: a window that goes on being looked up would have 80 there. */
  @Test
  void behindOneThatIsNotThereNothingIsLookedUpAnyMore() throws SourceException {
    read(50);
    look(true);
    read(10);
    look(false);
    int before = looked();
    read(20);
    look(true);
    assertEquals(before, looked());
    assertEquals(50, there());
  }

  @Test
  void nobodyLooksUpNothing() throws SourceException {
    look(true);
    assertEquals(0, looked());
    read(1);
    look(true);
    assertEquals(1, there());
  }
}
