package org.pgbackfill.testkit;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.pgbackfill.testkit.Csv.Quotes;
import org.pgbackfill.testkit.Dice.Purpose;

/**
 * Jobs that look like life. Key numbers run through the topics in the order of their prefixes and
 * within a topic through numbers of fixed width, so sorted key numbers are sorted unique keys.
 */
final class JobExport implements Export {
  static final String HEADER =
      "func,queue,kwargs,priority,max_attempts,scheduled_at,unique_key,limits,meta";

  /**
   * A sort of work.
   *
   * @param prefix what its unique keys begin with
   */
  private record Topic(String prefix, String func, String queue) {}

  /** In the order of their prefixes' bytes. */
  private static final List<Topic> TOPICS =
      List.of(
          new Topic("Invoice/", "billing.invoices.render", "billing"),
          new Topic("digest:weekly:", "app.mail.send_digest", "mail"),
          new Topic("export ", "app.exports.build", "reports"),
          new Topic("mailbox:sync:", "app.mailbox.sync", "sync"),
          new Topic("mailbox:watch:", "app.mailbox.renew_watch", "sync"),
          new Topic("photo:", "app.photos.fetch", "default"),
          new Topic("reindex#", "search.tasks.reindex", "default"),
          new Topic("welcome-", "app.mail.send_welcome", "mail"),
          new Topic("über-abgleich:", "app.accounts.reconcile", "default"),
          new Topic("почта:", "app.mail.send_digest", "mail"),
          new Topic("同期/", "app.mailbox.sync", "sync"));

  private static final List<String> TITLES =
      List.of(
          "Q3 report, final",
          "He said \"later\"",
          "C:\\exports\\2026",
          "Grüße aus Köln",
          "Привет, мир",
          "週報",
          "تقرير",
          "🎉 launch 👩‍💻",
          "tab\there",
          "two\nlines",
          "",
          "{\"not\": \"an object\"}");
  private static final List<String> FRACTIONS = List.of("0.5", "-2.25", "1e3", "19.90", "6.02E23");
  private static final List<String> NOT_JSON =
      List.of("{\"user_id\": 17", "{'user_id': 17}", "user_id=17", "{\"user_id\": 17,}", "{} {}");
  private static final List<String> NOT_AN_OBJECT = List.of("[1, 2, 3]", "\"text\"", "17", "null");
  private static final long FIRST_SCHEDULED =
      Instant.parse("2026-12-01T00:00:00Z").getEpochSecond();
  private static final int YEAR_SECONDS = 365 * 24 * 3600;

  private final ExportOptions options;
  private final Layout layout;
  private final String numberFormat;

  /** Numbers have gaps of this size on average. */
  private static final int GAP = 37;

  JobExport(ExportOptions options) {
    this.options = options;
    this.layout = new Layout(options);
    int width = Math.max(6, Long.toString(options.keys() * GAP).length());
    this.numberFormat = "0".repeat(width);
  }

  @Override
  public ExportOptions options() {
    return options;
  }

  @Override
  public Layout layout() {
    return layout;
  }

  @Override
  public String header() {
    return HEADER;
  }

  @Override
  public void append(StringBuilder out, long position) {
    Dice dice = new Dice(options.seed() ^ options.skip(), Purpose.TEXT, position);
    switch (layout.kindAt(position)) {
      case FRESH -> appendKeyed(out, layout.keyAt(position), dice);
      case REPEAT -> appendKeyed(out, layout.keyAt(layout.originalOf(position)), dice);
      case UNKEYED -> appendJob(out, dice.pick(TOPICS), "", dice);
      case BAD -> appendBad(out, dice);
    }
  }

  private void appendKeyed(StringBuilder out, long key, Dice dice) {
    Topic topic = TOPICS.get((int) ((double) key / options.keys() * TOPICS.size()));
    appendJob(out, topic, topic.prefix() + padded(key), dice);
  }

  private String padded(long key) {
    long number = key * GAP + new Dice(options.seed(), Purpose.KEY, key).below(GAP);
    String digits = Long.toString(number);
    return numberFormat.substring(digits.length()) + digits;
  }

  private static void appendJob(StringBuilder out, Topic topic, String uniqueKey, Dice dice) {
    appendRecord(out, topic, kwargs(dice), priority(dice), scheduledAt(dice), uniqueKey, dice);
  }

  private void appendBad(StringBuilder out, Dice dice) {
    Topic topic = dice.pick(TOPICS);
    Topic nameless = new Topic(topic.prefix(), "", topic.queue());
    String key = dice.oneIn(2) ? "" : "bad:" + padded(dice.below(options.keys()));
    switch (dice.below(6)) {
      case 0 -> appendRecord(out, topic, dice.pick(NOT_JSON), "1", "", key, dice);
      case 1 -> appendRecord(out, topic, dice.pick(NOT_AN_OBJECT), "1", "", key, dice);
      case 2 -> appendRecord(out, nameless, kwargs(dice), "1", "", key, dice);
      case 3 -> appendRecord(out, topic, kwargs(dice), "high", "", key, dice);
      case 4 -> appendRecord(out, topic, kwargs(dice), "1", "tomorrow", key, dice);
      default -> out.append(topic.func()).append(',').append(topic.queue()).append(",{}");
    }
  }

  private static void appendRecord(
      StringBuilder out,
      Topic topic,
      String kwargs,
      String priority,
      String scheduledAt,
      String uniqueKey,
      Dice dice) {
    out.append(topic.func()).append(',').append(topic.queue()).append(',');
    Csv.append(out, kwargs, Quotes.WHERE_NEEDED);
    out.append(',').append(priority).append(',').append(maxAttempts(dice));
    out.append(',').append(scheduledAt).append(',');
    Csv.append(out, uniqueKey, Quotes.WHERE_NEEDED);
    out.append(',');
    Csv.append(out, limits(dice), Quotes.WHERE_NEEDED);
    out.append(',');
    Csv.append(out, meta(dice), Quotes.WHERE_NEEDED);
  }

  private static String kwargs(Dice dice) {
    int user = 1 + dice.below(900_000);
    return switch (dice.below(8)) {
      case 0 -> "";
      case 1 -> "{}";
      case 2 -> "{\"user_id\": " + user + ", \"title\": " + json(dice.pick(TITLES)) + "}";
      case 3 ->
          "{\"user_id\":%d,\"options\":{\"retry\":{\"after\":[1,%s,null]},\"dry_run\":%b}}"
              .formatted(user, dice.pick(FRACTIONS), dice.oneIn(2));
      case 4 -> "{\"to\": \"user" + user + "@example.com\", \"subject\": \"\\u00dcbersicht\"}";
      case 5 -> {
        String gap = dice.oneIn(6) ? "\n  " : " ";
        yield "{" + gap + "\"user_id\": " + user + "," + gap + "\"tags\": [\"a\", \"b,c\"]}";
      }
      case 6 -> "{\"account\": {\"id\": \"" + user + "\", \"größe\": 9007199254740993}}";
      default -> "{\"user_id\": " + user + "}";
    };
  }

  private static String priority(Dice dice) {
    return dice.oneIn(3) ? Integer.toString(dice.below(21) - 10) : dice.oneIn(2) ? "0" : "";
  }

  private static String maxAttempts(Dice dice) {
    return dice.oneIn(3) ? "" : Integer.toString(1 + dice.below(10));
  }

  private static String scheduledAt(Dice dice) {
    if (!dice.oneIn(3)) {
      return "";
    }
    Instant time = Instant.ofEpochSecond(FIRST_SCHEDULED + dice.below(YEAR_SECONDS));
    return switch (dice.below(4)) {
      case 0 -> DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time.atOffset(ZoneOffset.ofHours(2)));
      case 1 -> time.plusNanos(123_456_000).toString();
      default -> time.toString();
    };
  }

  private static String limits(Dice dice) {
    return switch (dice.below(5)) {
      case 0 -> "[{\"t\": \"memory\", \"v\": 536870912}, {\"t\": \"time\", \"v\": 300}]";
      case 1 -> "[{\"t\":\"time\",\"v\":" + (1 + dice.below(3600)) + "}]";
      case 2 -> "[]";
      default -> "";
    };
  }

  private static String meta(Dice dice) {
    return switch (dice.below(5)) {
      case 0 -> "{\"source\": \"nightly\", \"by\": {\"name\": " + json(dice.pick(TITLES)) + "}}";
      case 1 -> "{}";
      default -> "";
    };
  }

  private static String json(String text) {
    return "\""
        + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t")
        + "\"";
  }
}
