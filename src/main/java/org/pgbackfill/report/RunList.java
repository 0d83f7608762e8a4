package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import org.pgbackfill.ledger.RunEntry;
import org.pgbackfill.ledger.RunState;

/** The ledger's runs, for people and for programs. */
public final class RunList {
  private RunList() {}

  /**
   * For people.
   *
   * @param runs in the order to show them
   * @return a line for each, and one that names the columns; rows filled and overwritten are
   *     changed
   */
  public static String text(List<RunEntry> runs) {
    StringBuilder text = new StringBuilder();
    String format = "%-32s %-11s %-12s %-20s %12s %12s %12s %12s %12s  %s%n";
    text.append(
            format
                .formatted(
                    "run",
                    "command",
                    "state",
                    "began",
                    "inserted",
                    "existing",
                    "changed",
                    "duplicate",
                    "rejected",
                    "")
                .stripTrailing())
        .append('\n');
    for (RunEntry run : runs) {
      RunEntry.Counters c = run.counters();
      text.append(
              String.format(
                      Locale.ROOT,
                      "%-32s %-11s %-12s %-20s %,12d %,12d %,12d %,12d %,12d  %s",
                      run.name(),
                      run.work().command(),
                      state(run),
                      run.began().toString().replaceAll("\\.\\d+Z", "Z"),
                      c.inserted(),
                      c.existing(),
                      c.filled() + c.overwritten(),
                      c.duplicate(),
                      c.rejected(),
                      note(run))
                  .stripTrailing())
          .append('\n');
    }
    return text.toString();
  }

  /** A run whose holder is dead is not running, whatever it could write last. */
  private static String state(RunEntry run) {
    return run.state() == RunState.RUNNING && !run.alive() ? "abandoned" : run.state().word();
  }

  private static String note(RunEntry run) {
    if (run.state() == RunState.RUNNING) {
      return run.holder();
    }
    return run.message() == null ? "" : run.message();
  }

  /**
   * For programs.
   *
   * @param runs in the order to show them
   * @return one JSON object for each, one on a line
   */
  public static String json(List<RunEntry> runs) {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.setRootValueSeparator(null);
      for (RunEntry run : runs) {
        json.writeStartObject();
        json.writeStringField("run", run.name());
        json.writeStringField("command", run.work().command());
        json.writeStringField("target", run.work().target());
        json.writeStringField("state", state(run));
        json.writeStringField("message", run.message());
        json.writeStringField("holder", run.holder());
        json.writeStringField("began", run.began().toString());
        json.writeStringField("ended", run.ended() == null ? null : run.ended().toString());
        json.writeNumberField("lanes", run.lanes());
        json.writeNumberField("read", run.counters().read());
        json.writeNumberField("inserted", run.counters().inserted());
        json.writeNumberField("existing", run.counters().existing());
        json.writeNumberField("filled", run.counters().filled());
        json.writeNumberField("overwritten", run.counters().overwritten());
        json.writeNumberField("duplicate", run.counters().duplicate());
        json.writeNumberField("rejected", run.counters().rejected());
        json.writeNumberField("retries", run.counters().retries());
        json.writeArrayFieldStart("files");
        for (var file : run.work().inputs()) {
          json.writeStartObject();
          json.writeStringField("name", file.name());
          json.writeNumberField("size", file.size());
          json.writeStringField("checksum", file.checksum().isEmpty() ? null : file.checksum());
          json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeRaw('\n');
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing to a string", e);
    }
    return out.toString();
  }
}
