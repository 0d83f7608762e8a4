package org.pgbackfill.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvWriter;
import org.pgbackfill.source.SourceFile;

/**
 * The reject file and the outcome file of a run. Records come in input order. For one thread at a
 * time.
 *
 * <p>The reject file has the original columns and values, and then why: mended, it loads again as
 * it is. It is made with the first reject. A record that could not be read into fields has its text
 * in the last original column that a record can do without, and nothing in the others, so that it
 * is refused again until somebody has mended it.
 */
public final class Reports implements AutoCloseable {
  /** Whether outcomes have come about, or would. */
  public enum Tense {
    /** They are so. */
    DID,
    /** They are foreseen: what would be written is not there. */
    WOULD
  }

  private static final List<String> WHY = List.of("reject_file", "reject_line", "reject_reason");
  private static final List<String> OUTCOME_HEADER =
      List.of("file", "line", "key", "id", "outcome", "detail");

  private final Path rejects;
  private final Path outcomes;
  private final Tense tense;
  private final Map<String, Integer> columns = new LinkedHashMap<>();
  private final List<String> header = new ArrayList<>();
  private final int textColumn;
  private final Consumer<String> notices;
  private CsvWriter rejectWriter;

  /** Where it writes. */
  private Path rejectsFile;

  private CsvWriter outcomeWriter;

  private Reports(
      Path rejects,
      Path outcomes,
      List<SourceFile> files,
      String required,
      Tense tense,
      Consumer<String> notices) {
    this.notices = notices;
    this.rejects = rejects;
    this.outcomes = outcomes;
    this.tense = tense;
    for (SourceFile file : files) {
      file.header().forEach(this::addColumn);
    }
    int last = header.size() - 1;
    this.textColumn = columns.get(normal(required)) == last ? last - 1 : last;
  }

  /**
   * Makes the outcome file, and gets ready for rejects.
   *
   * @param rejects where a reject file would be made; one that is there is kept under the name with
   *     {@code .old} behind
   * @param outcomes the outcome file; null for none
   * @param files whose columns a reject file needs
   * @param required the header of the column that no record can do without
   * @param tense whether outcomes have come about
   * @param notices takes a line for the operator
   * @return to be closed by the caller
   * @throws UncheckedIOException when a file can't be made there
   */
  public static Reports open(
      Path rejects,
      Path outcomes,
      List<SourceFile> files,
      String required,
      Tense tense,
      Consumer<String> notices) {
    Reports reports = new Reports(rejects, outcomes, files, required, tense, notices);
    try {
      if (Files.isRegularFile(rejects)) {
        Path old = old(rejects);
        Files.move(rejects, old, StandardCopyOption.REPLACE_EXISTING);
        notices.accept(rejects + " was there from an earlier run; it is kept as " + old);
      }
    } catch (IOException e) {
      throw failed("--rejects", rejects, e);
    }
    if (outcomes != null) {
      try {
        reports.outcomeWriter = CsvWriter.create(outcomes);
        reports.outcomeWriter.write(OUTCOME_HEADER);
      } catch (IOException e) {
        throw failed("--outcomes", outcomes, e);
      }
    }
    return reports;
  }

  /**
   * Where a reject file of an earlier run is kept.
   *
   * @param rejects the reject file
   * @return beside it
   */
  public static Path old(Path rejects) {
    return rejects.resolveSibling(rejects.getFileName() + ".old");
  }

  /**
   * Looks whether there is room for the files, before a run begins that could not write them.
   *
   * @param rejects the reject file
   * @param outcomes the outcome file; null for none
   * @throws UncheckedIOException when there is not; says why
   */
  public static void checkPlaces(Path rejects, Path outcomes) {
    checkPlace("--rejects", rejects);
    if (outcomes != null) {
      checkPlace("--outcomes", outcomes);
    }
  }

  private static void checkPlace(String option, Path path) {
    Path folder = path.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw failed(option, path, new IOException("there is no folder " + folder + " to write to"));
    }
    if (Files.isDirectory(path)) {
      throw failed(option, path, new IOException("it is a folder; name a file in it"));
    }
    try {
      CsvWriter.refuseOpenFile(path);
    } catch (IOException e) {
      throw failed(option, path, e);
    }
  }

  private void addColumn(String name) {
    if (!WHY.contains(normal(name)) && columns.putIfAbsent(normal(name), header.size()) == null) {
      header.add(name);
    }
  }

  private static String normal(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }

  /**
   * Whether anything is written of such a record; otherwise it need not be added.
   *
   * @param outcome what became of it
   * @return true for a reject, and for all where there is an outcome file
   */
  public boolean tells(Outcome outcome) {
    return outcomeWriter != null || outcome.kind() == Outcome.Kind.REJECTED;
  }

  /**
   * Tells what became of the next record.
   *
   * @param record the next one in input order
   * @param key as it is shown; asked for only where it is
   * @param outcome what became of it
   * @throws UncheckedIOException when a file can't be written
   */
  public void add(CsvRecord record, Supplier<String> key, Outcome outcome) {
    if (outcome.kind() == Outcome.Kind.REJECTED) {
      try {
        reject(record, outcome.detail());
      } catch (IOException e) {
        throw failed("--rejects", rejects, e);
      }
    }
    if (outcomeWriter != null) {
      try {
        outcomeWriter.write(
            List.of(
                record.file().name(),
                Long.toString(record.line()),
                key.get(),
                shownId(outcome),
                word(outcome.kind(), tense),
                outcome.detail() == null ? "" : outcome.detail()));
      } catch (IOException e) {
        throw failed("--outcomes", outcomes, e);
      }
    }
  }

  /**
   * A row that would be inserted gets its id from the run that inserts it, and until then nil
   * stands for it; a row that is there may have any id.
   */
  private String shownId(Outcome outcome) {
    boolean isUnknown =
        tense == Tense.WOULD
            && outcome.kind() != Outcome.Kind.EXISTING
            && Outcome.UNKNOWN_ID.equals(outcome.id());
    return outcome.id() == null || isUnknown ? "" : outcome.id().toString();
  }

  /** What would write has another word, so that nobody takes it for done. */
  static String word(Outcome.Kind kind, Tense tense) {
    if (tense == Tense.DID) {
      return kind.word();
    }
    return switch (kind) {
      case INSERTED -> "would_insert";
      case FILLED -> "would_fill";
      case OVERWRITTEN -> "would_overwrite";
      case EXISTING, DUPLICATE, REJECTED -> kind.word();
    };
  }

  private void reject(CsvRecord record, String reason) throws IOException {
    if (rejectWriter == null) {
      startRejects();
      List<String> first = new ArrayList<>(header);
      first.addAll(WHY);
      rejectWriter.write(first);
    }
    List<String> values = new ArrayList<>(Collections.nCopies(header.size(), ""));
    String why = reason;
    if (record.fault() != null) {
      String text = record.values().get(0);
      if (textColumn >= 0) {
        values.set(textColumn, text);
      } else {
        why += ": " + text;
      }
    } else {
      for (int i = 0; i < record.values().size(); i++) {
        Integer column = columns.get(normal(record.file().header().get(i)));
        if (column != null) {
          values.set(column, record.values().get(i));
        }
      }
    }
    values.addAll(List.of(record.file().name(), Long.toString(record.line()), why));
    rejectWriter.write(values);
  }

  /**
   * What was there at the start has been moved away. A file that is there now is another run's,
   * which may be the one that has taken this one over: it stays as it is.
   */
  private void startRejects() throws IOException {
    Path place = rejects;
    for (int i = 2; rejectWriter == null; i++) {
      try {
        rejectWriter = CsvWriter.createNew(place);
        rejectsFile = place;
      } catch (FileAlreadyExistsException e) {
        place = rejects.resolveSibling(rejects.getFileName() + "." + i);
      }
    }
    if (!place.equals(rejects)) {
      notices.accept(
          rejects + " was made by another run meanwhile; this one's rejects are in " + place);
    }
  }

  /**
   * The reject file, if it was needed.
   *
   * @return null when there was no reject
   */
  public Path rejectsFile() {
    return rejectsFile;
  }

  /**
   * The outcome file, if it was asked for.
   *
   * @return null when it was not
   */
  public Path outcomesFile() {
    return outcomes;
  }

  private static UncheckedIOException failed(String option, Path path, IOException e) {
    return new UncheckedIOException(
        option + " " + path + ": can't be written: " + e.getMessage(), e);
  }

  /**
   * Hands everything that was told to the operating system; a second time does nothing.
   *
   * @throws UncheckedIOException when a file can't be written
   */
  @Override
  public void close() {
    try {
      close("--rejects", rejectsFile, rejectWriter);
    } finally {
      close("--outcomes", outcomes, outcomeWriter);
    }
  }

  private static void close(String option, Path path, CsvWriter writer) {
    try {
      if (writer != null) {
        writer.close();
      }
    } catch (IOException e) {
      throw failed(option, path, e);
    }
  }
}
