package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.pgbackfill.ledger.RunEntry;
import org.pgbackfill.ledger.RunState;
import org.pgbackfill.ledger.Steering;

/** The ledger's runs, for people and for programs. */
public final class RunList {
  private RunList() {}

  /**
   * For people.
   *
   * @param runs in the order to show them
   * @param asked gives what was asked of a run
   * @return a line for each and for what was asked of it, and one that names the columns; rows
   *     filled and overwritten are changed
   */
  public static String text(List<RunEntry> runs, Function<RunEntry, List<Steering.Order>> asked) {
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
                      withoutFraction(run.began()),
                      c.inserted(),
                      c.existing(),
                      c.filled() + c.overwritten(),
                      c.duplicate(),
                      c.rejected(),
                      note(run))
                  .stripTrailing())
          .append('\n');
      asked.apply(run).forEach(order -> text.append("  ").append(line(order)).append('\n'));
    }
    return text.toString();
  }

  private static String line(Steering.Order order) {
    return withoutFraction(order.asked())
        + " "
        + order.action().word()
        + (order.settings() == null ? "" : " " + order.settings())
        + " by "
        + order.by()
        + (order.taken() == null ? ": not heard" : "")
        + (order.refusal() == null ? "" : ": refused, " + order.refusal());
  }

  private static String withoutFraction(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
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
   * @param asked gives what was asked of a run
   * @return one JSON object for each, one on a line
   */
  public static String json(List<RunEntry> runs, Function<RunEntry, List<Steering.Order>> asked) {
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
        json.writeArrayFieldStart("steering");
        for (Steering.Order order : asked.apply(run)) {
          write(json, order);
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

  private static void write(JsonGenerator json, Steering.Order order) throws IOException {
    json.writeStartObject();
    json.writeStringField("action", order.action().word());
    json.writeStringField("settings", order.settings());
    json.writeStringField("by", order.by());
    json.writeStringField("asked", order.asked().toString());
    json.writeStringField("taken", order.taken() == null ? null : order.taken().toString());
    json.writeStringField("refusal", order.refusal());
    json.writeEndObject();
  }
}
