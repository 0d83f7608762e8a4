package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.pgbackfill.ledger.Finding;

/** What was found before a load, for people and for programs: what matters most comes first. */
public final class FindingList {
  private static final Comparator<Finding> MOST_FIRST =
      Comparator.comparing(Finding::level).reversed();

  private FindingList() {}

  /**
   * Whether a load would work.
   *
   * @param findings of one check
   * @return true where none is an error
   */
  public static boolean wouldLoad(List<Finding> findings) {
    return count(findings, Finding.Level.ERROR) == 0;
  }

  /**
   * For people.
   *
   * @param target what was looked at
   * @param findings in any order
   * @return a line for each, and a last one that sums up
   */
  public static String text(String target, List<Finding> findings) {
    StringBuilder text = new StringBuilder();
    findings.stream()
        .sorted(MOST_FIRST)
        .forEach(
            finding ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "%-8s %-13s %s\n",
                        finding.level().word(),
                        finding.subject(),
                        finding.text())));
    return text.append(target)
        .append(wouldLoad(findings) ? ": a load would work: " : ": a load would fail: ")
        .append(counted(count(findings, Finding.Level.ERROR), "error"))
        .append(", ")
        .append(counted(count(findings, Finding.Level.WARNING), "warning"))
        .append(", ")
        .append(counted(count(findings, Finding.Level.NOTE), "note"))
        .append('\n')
        .toString();
  }

  private static long count(List<Finding> findings, Finding.Level level) {
    return findings.stream().filter(finding -> finding.level() == level).count();
  }

  private static String counted(long count, String word) {
    return count + " " + word + (count == 1 ? "" : "s");
  }

  /**
   * For programs.
   *
   * @param command what would load: contacts or jobs
   * @param target what was looked at
   * @param findings in any order
   * @return one JSON object on one line, with its line break
   */
  public static String json(String command, String target, List<Finding> findings) {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("command", command);
      json.writeStringField("target", target);
      json.writeBooleanField("would_load", wouldLoad(findings));
      json.writeArrayFieldStart("findings");
      for (Finding finding : findings.stream().sorted(MOST_FIRST).toList()) {
        json.writeStartObject();
        json.writeStringField("level", finding.level().word());
        json.writeStringField("subject", finding.subject());
        json.writeStringField("message", finding.message());
        json.writeStringField("next", finding.next());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to a string", e);
    }
    return out + "\n";
  }
}
