package org.pgbackfill.run;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.ledger.LedgerException;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.ledger.Work;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.LoadException;
import org.pgbackfill.load.Retries;
import org.pgbackfill.load.RowComparison;
import org.pgbackfill.report.Differences;
import org.pgbackfill.report.Differences.Kind;
import org.pgbackfill.report.Progress;
import org.pgbackfill.report.VerifySummary;
import org.pgbackfill.report.VerifySummary.Gone;
import org.pgbackfill.report.VerifySummary.Verdict;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.RecordCodec;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.source.SpillSort;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.LockOrder;
import org.pgbackfill.target.Reject;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;

/**
 * Reads an export again and proves that it is in: records are sorted by key, in files where memory
 * does not hold them, and the rows of each batch of keys are compared with them. Nothing is written
 * to the database, and nobody is kept waiting. For one use.
 */
public final class Verification {
  /** What a record that brings no id has while it is checked: nil, and nobody looks for it. */
  private static final UUID NO_ID = new UUID(0, 0);

  private final VerifyPlan plan;
  private final Stop stop;
  private final Consumer<String> notices;
  private final Retries retries;
  private final String who;
  private final AtomicLong read = new AtomicLong();
  private final long start = System.nanoTime();

  /**
   * Prepares a verification.
   *
   * @param plan what to do
   * @param stop asks it to end early
   * @param notices takes lines for the operator
   */
  public Verification(VerifyPlan plan, Stop stop, Consumer<String> notices) {
    this.plan = plan;
    this.stop = stop;
    this.notices = notices;
    this.who = "pgbackfill verify " + plan.command();
    this.retries = new Retries(plan.limits().retry(), stop, notices);
  }

  /**
   * Runs it to its end, and returns when every connection and file is closed.
   *
   * @param stdin what {@code -} reads
   * @param err where progress is shown
   * @return what was found
   * @throws UncheckedIOException when a file can't be written
   * @throws SourceException when a file can't be read to its end
   * @throws LoadException when the server or the table can't be read
   * @throws LedgerException when the run is not known, or did other work
   */
  public VerifySummary execute(InputStream stdin, PrintStream err) throws SourceException {
    try (CsvSource source = CsvSource.open(plan.files(), stdin);
        Database database =
            Database.open(plan.connection(), plan.limits(), 1, Database.Access.READ_ONLY);
        Differences differences = Differences.open(plan.differences())) {
      Target target = plan.target().apply(source.files());
      RowComparison table = RowComparison.inspect(database, target, ids(), retries, who);
      RunIds runIds = plan.book() == null ? null : runIds(source, database, table);
      try (Progress progress =
              Progress.start(
                  plan.progress(),
                  plan.terminal(),
                  read::get,
                  source::bytesRead,
                  source.bytesTotal(),
                  () -> "",
                  err);
          Pass pass = new Pass(source.files(), target, table, runIds, differences)) {
        Reading.run(() -> pass.read(source), stop);
        pass.compare();
      } catch (Retries.Stopped e) {
        // Said by the verdict.
      }
      return new VerifySummary(
          plan.command(),
          table.name(),
          verdict(differences),
          read.get(),
          differences,
          target.onExisting(),
          plan.finished() == VerifyPlan.Finished.BY_KEY ? Gone.LOOKED_FOR : Gone.LEFT,
          Duration.ofNanos(System.nanoTime() - start));
    }
  }

  private RowComparison.Ids ids() {
    return plan.book() == null ? RowComparison.Ids.GIVEN : RowComparison.Ids.GIVEN_OR_DERIVED;
  }

  /** Of the run that has loaded the export: the same records, and so the same ids. */
  private RunIds runIds(CsvSource source, Database database, RowComparison table)
      throws SourceException {
    Work work = new Work(plan.command(), table.name(), plan.mapping(), source.contents());
    return Ledger.existing(database, plan.book().schema()).idsOf(plan.book().run(), work);
  }

  private Verdict verdict(Differences differences) {
    if (stop.isRequested()) {
      return Verdict.INTERRUPTED;
    }
    return differences.of(Kind.MISSING) + differences.of(Kind.DIFFERING) > 0
        ? Verdict.NOT_ALL_THERE
        : Verdict.ALL_THERE;
  }

  /** What becomes of a record whose row is not found. */
  private enum Missing {
    /** It is told. */
    SAID,
    /** If it is a job with a key, it is looked for among the finished. */
    GONE
  }

  private record Question(Function<List<Row>, List<RowComparison.Answer>> asked, Missing missing) {}

  /** The export on its way through the sorts. */
  private final class Pass implements AutoCloseable {
    private final List<SourceFile> files;
    private final Target target;
    private final RowComparison table;

    /** Null where the run is not known. */
    private final RunIds runIds;

    private final Differences differences;
    private final SpillSort byKey = new SpillSort(plan.sortMemoryBytes());

    /** Jobs whose ids are known; of those with a key as well, the first one of the key. */
    private final SpillSort byId = new SpillSort(plan.sortMemoryBytes());

    /** Jobs whose keys are not active, to be looked for among the finished. */
    private final SpillSort gone = new SpillSort(plan.sortMemoryBytes());

    Pass(
        List<SourceFile> files,
        Target target,
        RowComparison table,
        RunIds runIds,
        Differences differences) {
      this.files = files;
      this.target = target;
      this.table = table;
      this.runIds = runIds;
      this.differences = differences;
      if (!target.ignored().isEmpty()) {
        notices.accept("no column for " + String.join(", ", target.ignored()) + ": left out");
      }
    }

    void read(CsvSource source) throws SourceException {
      CsvRecord record = source.next();
      while (record != null && !stop.isRequested()) {
        read.incrementAndGet();
        sort(check(record));
        record = source.next();
      }
    }

    private Checked check(CsvRecord record) {
      return target.check(record, runIds == null ? number -> NO_ID : runIds::id);
    }

    private boolean hasKnownId(Row row) {
      return row.idGiven() || runIds != null;
    }

    private void sort(Checked checked) {
      if (checked instanceof Reject reject) {
        tell(Kind.REJECTED, reject, null, reject.reason());
      } else if (checked instanceof Row row && row.keyed()) {
        byKey.add(LockOrder.keyBytes(row), RecordCodec.encode(row.record()));
      } else if (checked instanceof Row row && hasKnownId(row)) {
        byId.add(LockOrder.idBytes(row), RecordCodec.encode(row.record()));
      } else {
        tell(Kind.UNVERIFIABLE, checked, null, "");
      }
    }

    private void tell(Kind kind, Checked checked, UUID id, String found) {
      differences.add(
          kind,
          checked.record(),
          shownKey(checked),
          id,
          List.of(new Differences.Detail("", "", found)));
    }

    void compare() {
      boolean isJobs = target.lockOrder() == LockOrder.JOBS;
      boolean looksForGone = isJobs && plan.finished() == VerifyPlan.Finished.BY_KEY;
      Question question = new Question(table::compare, looksForGone ? Missing.GONE : Missing.SAID);
      Batch batch = Batch.usual();
      keys(
          byKey,
          row -> {
            if (isJobs && hasKnownId(row)) {
              byId.add(LockOrder.idBytes(row), RecordCodec.encode(row.record()));
            } else {
              add(batch, row, question);
            }
          });
      ask(batch, question);
      keys(byId, row -> add(batch, row, question));
      ask(batch, question);
      Question last = new Question(table::lookForFinished, Missing.SAID);
      Batch all = Batch.large();
      keys(gone, row -> add(all, row, last));
      ask(all, last);
    }

    /** What the records of each key come to; all but the first are told as duplicates. */
    private void keys(SpillSort sort, Consumer<Row> taker) {
      SpillSort.Entries entries = sort.sorted();
      byte[] key = null;
      Row row = null;
      for (SpillSort.Entry entry = entries.next();
          entry != null && !stop.isRequested();
          entry = entries.next()) {
        boolean isFirst = !Arrays.equals(entry.key(), key);
        if (isFirst && row != null) {
          taker.accept(row);
        }
        if (isFirst) {
          key = entry.key();
          row = row(entry);
        } else {
          differences.count(Kind.DUPLICATE, 1);
          row = table.both(row, row(entry));
        }
      }
      if (row != null && !stop.isRequested()) {
        taker.accept(row);
      }
    }

    private Row row(SpillSort.Entry entry) {
      return (Row) check(RecordCodec.decode(entry.value(), files));
    }

    private void add(Batch batch, Row row, Question question) {
      batch.add(row);
      if (batch.isFull()) {
        ask(batch, question);
      }
    }

    private void ask(Batch batch, Question question) {
      List<Row> rows = batch.take();
      if (rows.isEmpty() || stop.isRequested()) {
        return;
      }
      List<RowComparison.Answer> answers = question.asked().apply(rows);
      for (int i = 0; i < rows.size(); i++) {
        Row row = rows.get(i);
        RowComparison.Answer answer = answers.get(i);
        if (answer.kind() == RowComparison.Kind.MISSING
            && question.missing() == Missing.GONE
            && row.keyed()) {
          gone.add(LockOrder.keyBytes(row), RecordCodec.encode(row.record()));
        } else {
          tell(row, answer);
        }
      }
    }

    private void tell(Row row, RowComparison.Answer answer) {
      switch (answer.kind()) {
        case PRESENT -> differences.count(Kind.PRESENT, 1);
        case FINISHED -> tell(Kind.FINISHED, row, answer.id(), "");
        case REFUSED -> tell(Kind.REJECTED, row, null, answer.reason());
        case MISSING -> tell(Kind.MISSING, row, null, "");
        case DIFFERING ->
            differences.add(
                Kind.DIFFERING,
                row.record(),
                shownKey(row),
                answer.id(),
                answer.differences().stream()
                    .map(d -> new Differences.Detail(d.column(), d.expected(), d.found()))
                    .toList());
      }
    }

    @Override
    public void close() {
      byKey.close();
      byId.close();
      gone.close();
    }
  }

  private static String shownKey(Checked checked) {
    return checked instanceof Row row && !row.keyed() && row.idGiven()
        ? row.id().toString()
        : checked.shownKey();
  }
}
