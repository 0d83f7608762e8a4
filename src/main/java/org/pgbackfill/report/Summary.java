package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome.Kind;
import org.pgbackfill.ledger.RunState;

/**
 * What a run did, for its end. Always: read = inserted + existing + duplicate + rejected.
 *
 * @param run the run's name
 * @param command contacts or jobs
 * @param state how it ended
 * @param reason why it did not succeed; null when it did
 * @param inserted records that are new rows
 * @param existing records whose row was there
 * @param duplicate records whose key an earlier record has
 * @param rejected records refused
 * @param retries how often a chunk was tried again
 * @param elapsed from start to end
 * @param rejectsFile null when there is none
 * @param outcomesFile null when there is none
 */
public record Summary(
    String run,
    String command,
    RunState state,
    String reason,
    long inserted,
    long existing,
    long duplicate,
    long rejected,
    long retries,
    Duration elapsed,
    Path rejectsFile,
    Path outcomesFile) {

  /**
   * Sums up a run.
   *
   * @param run the run's name
   * @param command contacts or jobs
   * @param state how it ended
   * @param reason why it did not succeed; null when it did
   * @param counts how the records went
   * @param retries how often a chunk was tried again
   * @param elapsed from start to end
   * @param reports the files it wrote
   * @return the summary
   */
  public static Summary of(
      String run,
      String command,
      RunState state,
      String reason,
      Counts counts,
      long retries,
      Duration elapsed,
      Reports reports) {
    return new Summary(
        run,
        command,
        state,
        reason,
        counts.of(Kind.INSERTED),
        counts.of(Kind.EXISTING),
        counts.of(Kind.DUPLICATE),
        counts.of(Kind.REJECTED),
        retries,
        elapsed,
        reports.rejectsFile(),
        reports.outcomesFile());
  }

  /**
   * How many records the run has accounted for.
   *
   * @return the sum of the outcomes
   */
  public long read() {
    return inserted + existing + duplicate + rejected;
  }

  private double seconds() {
    return elapsed.toMillis() / 1000.0;
  }

  private long rowsPerSecond() {
    return elapsed.toNanos() == 0 ? 0 : Math.round(read() * 1e9 / elapsed.toNanos());
  }

  /**
   * For people.
   *
   * @return some lines, each with its line break
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(run).append(": ").append(state.word());
    if (reason != null) {
      text.append(": ").append(reason);
    }
    text.append('\n');
    line(
        text,
        "read",
        read(),
        String.format(Locale.ROOT, "in %.2f s, %,d records/s", seconds(), rowsPerSecond()));
    line(text, "inserted", inserted, "");
    line(text, "existing", existing, "");
    line(text, "duplicate", duplicate, "");
    line(text, "rejected", rejected, rejectsFile == null ? "" : "see " + rejectsFile);
    if (retries > 0) {
      line(text, "retries", retries, "");
    }
    if (outcomesFile != null) {
      text.append("  outcomes in ").append(outcomesFile).append('\n');
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String word, long count, String more) {
    text.append(String.format(Locale.ROOT, "  %-10s %,13d  %s", word, count, more).stripTrailing())
        .append('\n');
  }

  /**
   * For programs.
   *
   * @return one JSON object on one line, with its line break
   */
  public String json() {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("run", run);
      json.writeStringField("command", command);
      json.writeStringField("state", state.word());
      json.writeStringField("reason", reason);
      json.writeNumberField("read", read());
      json.writeNumberField("inserted", inserted);
      json.writeNumberField("existing", existing);
      json.writeNumberField("duplicate", duplicate);
      json.writeNumberField("rejected", rejected);
      json.writeNumberField("retries", retries);
      json.writeNumberField("elapsed_seconds", seconds());
      json.writeNumberField("rows_per_second", rowsPerSecond());
      json.writeStringField("rejects_file", rejectsFile == null ? null : rejectsFile.toString());
      json.writeStringField("outcomes_file", outcomesFile == null ? null : outcomesFile.toString());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to a string", e);
    }
    return out + "\n";
  }
}
