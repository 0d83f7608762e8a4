package org.pgbackfill.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.report.Reports;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.ContactsTarget;

/** How much may wait to be told: three full windows, or more that are less full. */
class InputOrderTest {
  private static final int FULL = 8;

  @TempDir Path folder;

  private final Counts counts = new Counts();
  private final Stop stop = new Stop();

  private Window window(int records) throws SourceException {
    String csv = "email_address\n" + "ann@example.com\n".repeat(records);
    Window window = new Window(records, FULL, 1);
    try (CsvSource source =
        CsvSource.open(
            List.of("-"), new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)))) {
      ContactsTarget target =
          new ContactsTarget("contacts", source.files(), Map.of(), new UUID(1, 2));
      for (int i = 0; i < records; i++) {
        window.add(target.check(source.next(), number -> null), null);
      }
    }
    return window;
  }

  private InputOrder order() {
    Reports reports =
        Reports.open(
            folder.resolve("rejects.csv"),
            null,
            List.of(new SourceFile(0, "contacts.csv", List.of("email_address"))),
            "email_address",
            Reports.Tense.DID,
            line -> {});
    return new InputOrder(counts, reports, stop);
  }

  private static void settle(InputOrder order, Window window) {
    Outcome existing = Outcome.existing(Outcome.UNKNOWN_ID);
    for (Window.Part part : window.deal()) {
      order.settle(part, Collections.nCopies(part.size(), existing));
    }
  }

  /** Adds it in another thread, for that may wait. */
  private static CompletableFuture<Void> add(InputOrder order, Window window) {
    return CompletableFuture.runAsync(() -> order.add(window));
  }

  private static void assertWaits(CompletableFuture<Void> adding)
      throws InterruptedException, ExecutionException {
    try {
      adding.get(300, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return;
    }
    throw new AssertionError("there was room");
  }

  @Test
  void threeFullWindowsWaitAndAFourthOneWhenTheFirstIsTold() throws Exception {
    try (InputOrder order = order()) {
      Window first = window(FULL);
      order.add(first);
      order.add(window(FULL));
      order.add(window(FULL));
      CompletableFuture<Void> fourth = add(order, window(FULL));
      assertWaits(fourth);
      settle(order, first);
      fourth.get(10, TimeUnit.SECONDS);
      assertEquals(FULL, counts.of(Outcome.Kind.EXISTING));
    }
  }

  @Test
  void ofLessFullOnesMoreWaitButNoMoreRecords() throws Exception {
    try (InputOrder order = order()) {
      for (int i = 0; i < 8; i++) {
        order.add(window(2));
      }
      order.add(window(FULL));
      CompletableFuture<Void> tenth = add(order, window(1));
      assertWaits(tenth);
      stop.request(Stop.Reason.INTERRUPTED);
      tenth.get(10, TimeUnit.SECONDS);
    }
  }

  /** A job's arguments can be so long that one record is more than a window may have. */
  @Test
  void oneThatIsFullerThanFullGoesInAlone() throws Exception {
    try (InputOrder order = order()) {
      CompletableFuture<Void> adding = add(order, window(4 * FULL));
      adding.get(10, TimeUnit.SECONDS);
      assertWaits(add(order, window(1)));
      assertFalse(stop.isRequested());
      stop.request(Stop.Reason.INTERRUPTED);
    }
  }
}
