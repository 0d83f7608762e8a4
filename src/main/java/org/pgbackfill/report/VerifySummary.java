package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.pgbackfill.report.Differences.Kind;
import org.pgbackfill.target.OnExisting;

/**
 * What a verification came to. Unless it was interrupted: read = present + missing + differing +
 * finished + duplicate + rejected + unverifiable.
 *
 * @param command contacts or jobs
 * @param table its full name
 * @param verdict in one word
 * @param read how many records were read
 * @param differences how they went
 * @param onExisting the mode of the load by which records were compared with rows
 * @param gone whether jobs whose keys are not active were looked for among the finished
 * @param elapsed from start to end
 */
public record VerifySummary(
    String command,
    String table,
    Verdict verdict,
    long read,
    Differences differences,
    OnExisting onExisting,
    Gone gone,
    Duration elapsed) {
  /** What became of jobs whose keys are not active any more. */
  public enum Gone {
    /** They count as missing. */
    LEFT,
    /** They were looked for among the finished. */
    LOOKED_FOR
  }

  /** What a verification comes to. */
  public enum Verdict {
    /** Whatever could be looked for is there, as the export has it. */
    ALL_THERE("all there"),
    /** Something is missing, or differs. */
    NOT_ALL_THERE("not all there"),
    /** It was asked to stop before it had looked for all. */
    INTERRUPTED("interrupted; what follows is of the records up to there");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }
  }

  private static final List<Kind> SHOWN =
      List.of(Kind.MISSING, Kind.DIFFERING, Kind.FINISHED, Kind.REJECTED, Kind.UNVERIFIABLE);

  /**
   * For people.
   *
   * @return some lines, each with its line break
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("verify ").append(command).append(" in ").append(table).append(": ");
    text.append(verdict.text).append('\n');
    line(text, "read", read, String.format(Locale.ROOT, "in %.2f s", seconds()));
    for (Kind kind : Kind.values()) {
      line(text, kind.word(), differences.of(kind), note(kind));
    }
    for (Kind kind : SHOWN) {
      examples(text, kind);
    }
    if (differences.file() != null) {
      text.append("All of them are in ").append(differences.file()).append('\n');
    } else if (verdict == Verdict.NOT_ALL_THERE) {
      text.append("--differences FILE writes all of them.\n");
    }
    return text.toString();
  }

  private double seconds() {
    return elapsed.toMillis() / 1000.0;
  }

  private static void line(StringBuilder text, String word, long count, String more) {
    text.append(String.format(Locale.ROOT, "  %-12s %,13d  %s", word, count, more).stripTrailing())
        .append('\n');
  }

  private String note(Kind kind) {
    if (differences.of(kind) == 0) {
      return "";
    }
    return switch (kind) {
      case DIFFERING ->
          differences.byColumn().entrySet().stream()
              .map(e -> String.format(Locale.ROOT, "%s %,d", e.getKey(), e.getValue()))
              .collect(Collectors.joining(", "));
      case DUPLICATE ->
          switch (onExisting) {
            case KEEP -> "the first record of the key was looked for";
            case FILL -> "any record of the key may have filled a column";
            case OVERWRITE -> "the last record of the key counts";
          };
      case FINISHED -> "by workers; their values were not compared";
      case REJECTED -> "can't be in";
      case UNVERIFIABLE -> "neither unique_key nor id; --run NAME has those that a run gave";
      case MISSING ->
          command.equals("jobs") && gone == Gone.LEFT
              ? "or finished since: --finished looks for these, and reads the whole table"
              : "";
      case PRESENT -> "";
    };
  }

  private void examples(StringBuilder text, Kind kind) {
    List<String> lines = differences.examples(kind);
    if (lines.isEmpty()) {
      return;
    }
    boolean all = lines.size() >= differences.of(kind);
    text.append(kind.word()).append(all ? ":\n" : ", the first of them:\n");
    lines.forEach(line -> text.append("  ").append(line).append('\n'));
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
      json.writeStringField("verify", command);
      json.writeStringField("table", table);
      json.writeStringField("verdict", verdict.name().toLowerCase(Locale.ROOT));
      json.writeNumberField("read", read);
      for (Kind kind : Kind.values()) {
        json.writeNumberField(kind.word(), differences.of(kind));
      }
      json.writeObjectFieldStart("differing_by_column");
      for (Map.Entry<String, Long> column : differences.byColumn().entrySet()) {
        json.writeNumberField(column.getKey(), column.getValue());
      }
      json.writeEndObject();
      json.writeNumberField("elapsed_seconds", seconds());
      json.writeStringField(
          "differences_file", differences.file() == null ? null : differences.file().toString());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to a string", e);
    }
    return out + "\n";
  }
}
