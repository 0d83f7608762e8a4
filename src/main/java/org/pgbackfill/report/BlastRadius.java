package org.pgbackfill.report;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What a run did to the live system around it. What nobody could see is unknown, and not nothing.
 *
 * @param retries how often work was tried again, by SQLSTATE
 * @param deadRows rows at most that were sent in transactions that did not come in
 * @param walBytes what the whole server wrote meanwhile, others included; null when unknown
 * @param lockWaiters the most sessions of others that waited behind the run at once, as looks once
 *     a second have shown; null when unknown
 * @param longestLockWait how long one of them had waited when it was seen
 * @param replicaLag the most that a replica was behind; null when unknown
 * @param held how long no chunk could begin
 * @param heldBy by reason; reasons that held together count each
 */
public record BlastRadius(
    Map<String, Long> retries,
    long deadRows,
    Long walBytes,
    Long lockWaiters,
    Duration longestLockWait,
    Duration replicaLag,
    Duration held,
    Map<String, Duration> heldBy) {
  private static final String DEADLOCK = "40P01";
  private static final double MB = 1_000_000;

  private long deadlocks() {
    return retries.getOrDefault(DEADLOCK, 0L);
  }

  /** Some lines for people, each with its line break. */
  String text() {
    StringBuilder text = new StringBuilder("  blast radius: ");
    text.append(
        String.format(
            Locale.ROOT,
            "%,d deadlocks, %,d dead rows, WAL of the whole server ",
            deadlocks(),
            deadRows));
    text.append(
        walBytes == null ? "unknown" : String.format(Locale.ROOT, "%,.1f MB", walBytes / MB));
    text.append("\n    lock waiters ").append(lockWaiters == null ? "unknown" : waiters());
    text.append(", replica lag ").append(replicaLag == null ? "unknown" : seconds(replicaLag));
    text.append(", held ").append(seconds(held)).append(by()).append('\n');
    if (!retries.isEmpty()) {
      text.append("    retries by SQLSTATE: ").append(joined(retries)).append('\n');
    }
    return text.toString();
  }

  private String waiters() {
    return lockWaiters
        + (lockWaiters == 0 ? "" : " at once, the longest " + seconds(longestLockWait));
  }

  private String by() {
    StringJoiner by = new StringJoiner(", ", " (", ")").setEmptyValue("");
    heldBy.forEach((reason, time) -> by.add(reason + " " + seconds(time)));
    return by.toString();
  }

  private static String joined(Map<String, Long> counts) {
    StringJoiner text = new StringJoiner(", ");
    counts.forEach((state, count) -> text.add(state + " " + count));
    return text.toString();
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.1f s", number(time));
  }

  private static double number(Duration time) {
    return time.toMillis() / 1000.0;
  }

  /** One object; what is unknown is null. */
  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeNumberField("deadlocks", deadlocks());
    json.writeNumberField("dead_rows", deadRows);
    writeOrNull(json, "server_wal_bytes", walBytes);
    writeOrNull(json, "lock_waiters", lockWaiters);
    writeOrNull(
        json, "longest_lock_wait_seconds", lockWaiters == null ? null : number(longestLockWait));
    writeOrNull(json, "replica_lag_seconds", replicaLag == null ? null : number(replicaLag));
    json.writeNumberField("held_seconds", number(held));
    json.writeObjectFieldStart("held_seconds_by");
    for (Map.Entry<String, Duration> by : heldBy.entrySet()) {
      json.writeNumberField(by.getKey(), number(by.getValue()));
    }
    json.writeEndObject();
    json.writeObjectFieldStart("retries_by_sqlstate");
    for (Map.Entry<String, Long> by : retries.entrySet()) {
      json.writeNumberField(by.getKey(), by.getValue());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeOrNull(JsonGenerator json, String name, Number value)
      throws IOException {
    if (value == null) {
      json.writeNullField(name);
    } else if (value instanceof Double number) {
      json.writeNumberField(name, number);
    } else {
      json.writeNumberField(name, value.longValue());
    }
  }
}
