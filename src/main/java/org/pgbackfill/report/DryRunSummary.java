package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.pgbackfill.ledger.Counts;
import org.pgbackfill.ledger.Outcome;

/**
 * What a run would do, as far as looking tells. Always: read is the sum of the outcomes.
 *
 * @param command contacts or jobs
 * @param start what would become of the run
 * @param reason more about that, for the operator; null where there is nothing to say
 * @param counts how the records would go
 * @param settings what the run would use, by name, as the options have it
 * @param rejectsFile null when there is none
 * @param outcomesFile null when there is none
 * @param reading what the reading and checking took
 * @param elapsed from start to end
 */
public record DryRunSummary(
    String command,
    Start start,
    String reason,
    Counts counts,
    Map<String, String> settings,
    Path rejectsFile,
    Path outcomesFile,
    Duration reading,
    Duration elapsed) {
  /** What would become of a run. */
  public enum Start {
    /** A new run would begin. */
    BEGIN("a new run would begin"),
    /** An unfinished run would go on. */
    RESUME("an unfinished run would go on"),
    /** It has succeeded before. */
    DO_NOTHING("nothing would be done"),
    /** The ledger would say no. */
    BE_REFUSED("the run would be refused"),
    /** Another process is at work on it. */
    BE_BUSY("another process is at work on it"),
    /** Nobody knows: the dry run was asked to stop. */
    UNKNOWN("interrupted; what follows is of the records up to there");

    private final String text;

    Start(String text) {
      this.text = text;
    }

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * New rows a second: a million contacts take 5.6 s into a fresh table with its two indexes, the
   * reading included, on two cores (src/site/markdown/performance.md).
   */
  private static final double WRITTEN_PER_SECOND = 180_000;

  /** Keeps the order of the settings. */
  public DryRunSummary {
    settings = new LinkedHashMap<>(settings);
  }

  private long of(Outcome.Kind kind) {
    return counts.of(kind);
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1000.0;
  }

  private double estimatedSeconds() {
    double writing = of(Outcome.Kind.INSERTED) / WRITTEN_PER_SECOND;
    return Math.round(1000 * (seconds(reading) + writing)) / 1000.0;
  }

  /**
   * For people.
   *
   * @return some lines, each with its line break
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("dry run of ").append(command).append(": ").append(start.text);
    if (reason != null) {
      text.append(": ").append(reason);
    }
    text.append('\n');
    line(text, "read", counts.read(), String.format(Locale.ROOT, "in %.2f s", seconds(elapsed)));
    for (Outcome.Kind kind : Outcome.Kind.values()) {
      if (isChange(kind) && of(kind) == 0) {
        continue; // as the run's summary, which tells them where there are some
      }
      boolean isReject = kind == Outcome.Kind.REJECTED && rejectsFile != null;
      line(text, word(kind), of(kind), isReject ? "see " + rejectsFile : "");
    }
    text.append("  with ")
        .append(
            settings.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .collect(Collectors.joining(", ")))
        .append('\n');
    text.append(
        String.format(
            Locale.ROOT,
            "  about %.1f s: %.2f s as measured here for reading, and %,.0f new rows a second,"
                + " which is a figure of performance.md and not of your server%s%n",
            estimatedSeconds(),
            seconds(reading),
            WRITTEN_PER_SECOND,
            changes() == 0 ? "" : "; what changes of rows take is not in it"));
    if (outcomesFile != null) {
      text.append("  foreseen outcomes in ").append(outcomesFile).append('\n');
    }
    text.append(
        "Nothing was written to the database. What the database itself would refuse (a foreign key,"
            + " a check, an id that is taken) is not foreseen.\n");
    return text.toString();
  }

  private static boolean isChange(Outcome.Kind kind) {
    return kind == Outcome.Kind.FILLED || kind == Outcome.Kind.OVERWRITTEN;
  }

  private long changes() {
    return of(Outcome.Kind.FILLED) + of(Outcome.Kind.OVERWRITTEN);
  }

  private static String word(Outcome.Kind kind) {
    return Reports.word(kind, Reports.Tense.WOULD);
  }

  private static void line(StringBuilder text, String word, long count, String more) {
    text.append(String.format(Locale.ROOT, "  %-15s %,10d  %s", word, count, more).stripTrailing())
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
      json.writeStringField("dry_run", command);
      json.writeStringField("would", start.word());
      json.writeStringField("reason", reason);
      json.writeNumberField("read", counts.read());
      for (Outcome.Kind kind : Outcome.Kind.values()) {
        json.writeNumberField(word(kind), of(kind));
      }
      json.writeObjectFieldStart("settings");
      for (Map.Entry<String, String> setting : settings.entrySet()) {
        json.writeStringField(setting.getKey(), setting.getValue());
      }
      json.writeEndObject();
      json.writeNumberField("elapsed_seconds", seconds(elapsed));
      json.writeNumberField("estimated_seconds", estimatedSeconds());
      json.writeNumberField("estimated_rows_per_second", WRITTEN_PER_SECOND);
      json.writeStringField("rejects_file", rejectsFile == null ? null : rejectsFile.toString());
      json.writeStringField("outcomes_file", outcomesFile == null ? null : outcomesFile.toString());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to a string", e);
    }
    return out + "\n";
  }
}
