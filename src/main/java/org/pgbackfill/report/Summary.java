package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.pgbackfill.ledger.RunEntry;
import org.pgbackfill.ledger.RunState;

/**
 * What a run did, for its end. Always: read = inserted + existing + filled + overwritten +
 * duplicate + rejected.
 *
 * @param run the run's name
 * @param command contacts, jobs or job-updates
 * @param state how it ended
 * @param reason why it did not succeed; null when it did
 * @param counters how its records went, before it was resumed as well
 * @param elapsed from start to end
 * @param existence how the run found out which keys were there; null when it did not begin to
 * @param rejectsFile null when there is none
 * @param outcomesFile null when there is none
 * @param ledger the ledger's schema; null when the run was not written down
 * @param blastRadius what it did to the live system; null when it did not begin
 */
public record Summary(
    String run,
    String command,
    RunState state,
    String reason,
    RunEntry.Counters counters,
    Duration elapsed,
    String existence,
    Path rejectsFile,
    Path outcomesFile,
    String ledger,
    BlastRadius blastRadius) {

  /**
   * Of a start that found its run done.
   *
   * @param run as the ledger has it
   * @param schema the ledger's
   * @return the run's figures
   */
  public static Summary ofDone(RunEntry run, String schema) {
    return new Summary(
        run.name(),
        run.work().command(),
        run.state(),
        "done already, " + run.ended() + "; nothing was done now",
        run.counters(),
        Duration.ZERO,
        null,
        null,
        null,
        schema,
        null);
  }

  /**
   * Of a start that came to nothing.
   *
   * @param run the run's name
   * @param command contacts, jobs or job-updates
   * @param reason why
   * @return no figures
   */
  public static Summary ofNothing(String run, String command, String reason) {
    return new Summary(
        run,
        command,
        RunState.FAILED,
        reason,
        new RunEntry.Counters(0, 0, 0, 0, 0, 0, 0),
        Duration.ZERO,
        null,
        null,
        null,
        null,
        null);
  }

  /**
   * Whether there was nothing to do, for the run had succeeded before.
   *
   * @return true for {@link #ofDone}
   */
  public boolean wasDone() {
    return state == RunState.SUCCEEDED && reason != null;
  }

  private double seconds() {
    return elapsed.toMillis() / 1000.0;
  }

  private long rowsPerSecond() {
    return elapsed.toNanos() == 0 ? 0 : Math.round(counters.read() * 1e9 / elapsed.toNanos());
  }

  /**
   * For people.
   *
   * @param resume the command that goes on with the run; null when there is nothing to go on with
   * @return some lines, each with its line break; the last one is the command
   */
  public String text(String resume) {
    StringBuilder text = new StringBuilder();
    text.append(run).append(": ").append(state.word());
    if (reason != null) {
      text.append(": ").append(reason);
    }
    text.append('\n');
    line(
        text,
        "read",
        counters.read(),
        String.format(Locale.ROOT, "in %.2f s, %,d records/s", seconds(), rowsPerSecond()));
    line(text, "inserted", counters.inserted(), "");
    line(text, "existing", counters.existing(), "");
    lineIfAny(text, "filled", counters.filled());
    lineIfAny(text, "overwritten", counters.overwritten());
    line(text, "duplicate", counters.duplicate(), "");
    line(text, "rejected", counters.rejected(), rejectsFile == null ? "" : "see " + rejectsFile);
    lineIfAny(text, "retries", counters.retries());
    if (existence != null) {
      text.append("  existence: ").append(existence).append('\n');
    }
    if (blastRadius != null) {
      text.append(blastRadius.text());
    }
    if (outcomesFile != null) {
      text.append("  outcomes in ").append(outcomesFile).append('\n');
    }
    if (ledger == null) {
      text.append("  no ledger: the run can't be resumed, only loaded again\n");
    }
    if (resume != null) {
      text.append("What was loaded is in. To go on:\n").append(resume).append('\n');
    }
    return text.toString();
  }

  private static void lineIfAny(StringBuilder text, String word, long count) {
    if (count > 0) {
      line(text, word, count, "");
    }
  }

  private static void line(StringBuilder text, String word, long count, String more) {
    text.append(String.format(Locale.ROOT, "  %-11s %,12d  %s", word, count, more).stripTrailing())
        .append('\n');
  }

  /**
   * For programs.
   *
   * @param resume the command that goes on with the run; null when there is nothing to go on with
   * @return one JSON object on one line, with its line break
   */
  public String json(String resume) {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("run", run);
      json.writeStringField("command", command);
      json.writeStringField("state", state.word());
      json.writeStringField("reason", reason);
      json.writeNumberField("read", counters.read());
      json.writeNumberField("inserted", counters.inserted());
      json.writeNumberField("existing", counters.existing());
      json.writeNumberField("filled", counters.filled());
      json.writeNumberField("overwritten", counters.overwritten());
      json.writeNumberField("duplicate", counters.duplicate());
      json.writeNumberField("rejected", counters.rejected());
      json.writeNumberField("retries", counters.retries());
      json.writeNumberField("elapsed_seconds", seconds());
      json.writeNumberField("rows_per_second", rowsPerSecond());
      json.writeStringField("existence", existence);
      json.writeStringField("rejects_file", rejectsFile == null ? null : rejectsFile.toString());
      json.writeStringField("outcomes_file", outcomesFile == null ? null : outcomesFile.toString());
      json.writeStringField("ledger", ledger);
      json.writeFieldName("blast_radius");
      if (blastRadius == null) {
        json.writeNull();
      } else {
        blastRadius.write(json);
      }
      json.writeStringField("resume", resume);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to a string", e);
    }
    return out + "\n";
  }
}
