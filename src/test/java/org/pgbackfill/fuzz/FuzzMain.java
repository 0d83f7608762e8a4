package org.pgbackfill.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import org.pgbackfill.ledger.RunIds;
import org.pgbackfill.source.CsvRecord;
import org.pgbackfill.source.CsvSource;
import org.pgbackfill.source.SourceException;
import org.pgbackfill.target.Checked;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.HeaderException;
import org.pgbackfill.target.JobsTarget;
import org.pgbackfill.target.Reject;
import org.pgbackfill.target.Row;
import org.pgbackfill.target.Target;
import org.pgbackfill.testkit.ReferenceCsv;

/**
 * Feeds the reader and the record checks with hostile input, for a number of inputs or a time. Each
 * input is made from the seed and its number alone: {@code --seed S --only N} shows one again.
 *
 * <p>What must hold: nothing is thrown but what an operator is told; the records are those of a
 * reference reader that shares nothing with ours, so none is lost and none is counted twice; every
 * record is a row or a reject; a row's text is well-formed and its key not empty.
 */
public final class FuzzMain {
  private static final List<String> CONTACT_WORDS =
      List.of(
          "ann@example.com",
          "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
          "用户@例子.公司",
          "\"a b\"@x.org",
          "@",
          "a@",
          "Ann",
          "",
          "2026-11-21 08:30:00+00",
          "infinity",
          "99999-99-99",
          "{1b4e28ba2fa111d2883f0016d3cca427}",
          "\u0000",
          "\uD83D\uDE00",
          "x".repeat(330),
          " Ann@Example.COM ",
          "\t",
          "a@b@c");

  private static final List<String> JOB_WORDS =
      List.of(
          "{}",
          "[]",
          "{\"a\":1}",
          "{\"a\":\"\\u0000\"}",
          "{\"a\":\"\\ud800\"}",
          "[{\"t\":\"memory\",\"v\":1}]",
          "[{\"t\":\"time\"}]",
          "{\"a\":1e999999}",
          "[[[[[[[[",
          "{\"a\"",
          "null",
          "NaN",
          "pending",
          "succeeded",
          "call",
          "-1",
          "2147483648",
          "٣",
          "k-1",
          "\\",
          "{\"a\":\"\\\"\"}");

  static final String CONTACT_HEADER = "link_id,email_address,name,created_at\n";
  private static final String JOB_HEADER = "func,kwargs,limits,meta,state,priority,unique_key\n";

  private final RunIds ids = new RunIds(1_700_000_000_000L, 12_345);
  private final long seed;

  FuzzMain(long seed) {
    this.seed = seed;
  }

  private static final List<String> OPTIONS =
      List.of("--inputs", "--minutes", "--threads", "--seed", "--only");

  /**
   * Runs it.
   *
   * @param args {@code --inputs N}, {@code --minutes M}, {@code --threads T}, {@code --seed S},
   *     {@code --only N}
   */
  public static void main(String[] args) throws Exception {
    Map<String, String> options = options(args);
    long seed = Long.parseLong(options.getOrDefault("--seed", "1"));
    FuzzMain fuzz = new FuzzMain(seed);
    if (options.containsKey("--only")) {
      long number = Long.parseLong(options.get("--only"));
      System.out.println(new String(fuzz.input(number), StandardCharsets.ISO_8859_1));
      System.out.println(fuzz.feed(number) + " records");
      return;
    }
    long inputs = Long.parseLong(options.getOrDefault("--inputs", "10000000"));
    Duration time = Duration.ofMinutes(Long.parseLong(options.getOrDefault("--minutes", "20")));
    int threads = Integer.parseInt(options.getOrDefault("--threads", "2"));
    System.exit(fuzz.run(inputs, time, threads) ? 0 : 1);
  }

  private static Map<String, String> options(String[] args) {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (!OPTIONS.contains(args[i]) || i + 1 == args.length) {
        throw new IllegalArgumentException(
            args[i] + ": expected one of " + OPTIONS + " and a number");
      }
      options.put(args[i], args[i + 1]);
    }
    return options;
  }

  private boolean run(long inputs, Duration time, int threads) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    AtomicLong next = new AtomicLong();
    AtomicLong fed = new AtomicLong();
    AtomicLong records = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker =
          new Thread(
              () -> {
                for (long n = next.getAndIncrement();
                    n < inputs && System.nanoTime() < end && failed.get() == 0;
                    n = next.getAndIncrement()) {
                  try {
                    records.addAndGet(feed(n));
                    fed.incrementAndGet();
                  } catch (Throwable e) {
                    failed.incrementAndGet();
                    System.out.println(
                        "input " + n + " (--seed " + seed + " --only " + n + "): " + e);
                    e.printStackTrace(System.out);
                  }
                }
              });
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      worker.join();
    }
    System.out.printf(
        Locale.ROOT,
        "%,d inputs, %,d records, %d failed, seed %d%n",
        fed.get(),
        records.get(),
        failed.get(),
        seed);
    return failed.get() == 0;
  }

  /** One input through reader and checks; how many records it had. */
  public long feed(long number) throws IOException {
    byte[] bytes = input(number);
    boolean jobs = number % 2 == 1;
    long count = 0;
    long last = 0;
    List<CsvRecord> records = new ArrayList<>();
    try (CsvSource source =
        CsvSource.open(List.of(CsvSource.STDIN), new ByteArrayInputStream(bytes))) {
      Target target =
          jobs
              ? new JobsTarget("chancy_", source.files(), Map.of())
              : new ContactsTarget("email_contacts", source.files(), Map.of(), null);
      for (CsvRecord record = source.next(); record != null; record = source.next()) {
        require(record.number() > last, "numbers grow");
        last = record.number();
        check(target.check(record, ids::id), record);
        records.add(record);
        count++;
      }
    } catch (SourceException | HeaderException e) {
      require(e.getMessage() != null && !e.getMessage().isBlank(), "a message for the operator");
      return count;
    }
    compare(bytes, jobs ? JOB_HEADER : CONTACT_HEADER, records);
    return count;
  }

  private static void check(Checked checked, CsvRecord record) {
    require(checked.record() == record, "the record comes back");
    if (checked instanceof Reject reject) {
      require(!reject.reason().isBlank(), "a reject has a reason");
    } else if (checked instanceof Row row) {
      require(record.fault() == null, "an unreadable record is no row");
      require(row.lane(7) >= 0 && row.lane(7) < 7, "a lane");
      require(row.link() == null || !row.keyText().isEmpty(), "a contact has a key");
    }
  }

  /**
   * Only inputs that are text under the header as it was made can be compared with the reference.
   */
  static void compare(byte[] bytes, String header, List<CsvRecord> records) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0 || !text.startsWith(header)) {
      return;
    }
    int columns = header.split(",").length;
    List<ReferenceCsv.Entry> expected =
        ReferenceCsv.entries(text.substring(header.length()), columns);
    List<Long> expectedLines = expected.stream().map(entry -> entry.line() + 1).toList();
    List<Long> lines = records.stream().map(CsvRecord::line).toList();
    require(
        expectedLines.equals(lines),
        () -> "records as the reference has them, on lines " + expectedLines + ", not on " + lines);
    for (int i = 0; i < expected.size(); i++) {
      CsvRecord record = records.get(i);
      require(
          (expected.get(i).fields() == null) == (record.fault() != null),
          "as readable as the reference");
      require(
          record.fault() != null || record.values().equals(expected.get(i).fields()),
          "the reference's fields");
    }
  }

  private static void require(boolean holds, String what) {
    require(holds, () -> what);
  }

  private static void require(boolean holds, Supplier<String> what) {
    if (!holds) {
      throw new AssertionError(what.get());
    }
  }

  /** The bytes of an input, by its number alone. */
  byte[] input(long number) throws IOException {
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number);
    boolean jobs = number % 2 == 1;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes((jobs ? JOB_HEADER : CONTACT_HEADER).getBytes(StandardCharsets.UTF_8));
    int lines = 1 + random.nextInt(6);
    for (int i = 0; i < lines; i++) {
      line(random, jobs, out);
    }
    byte[] bytes = out.toByteArray();
    int mutations = random.nextInt(4) == 0 ? 1 + random.nextInt(8) : 0;
    for (int i = 0; i < mutations; i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    if (random.nextInt(50) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
    }
    return random.nextInt(40) == 0 ? packed(random, bytes) : bytes;
  }

  private static byte[] packed(SplittableRandom random, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    byte[] packed = out.toByteArray();
    if (random.nextBoolean()) {
      packed[random.nextInt(packed.length)] ^= (byte) (1 + random.nextInt(255));
    }
    return random.nextInt(3) == 0 ? Arrays.copyOf(packed, random.nextInt(packed.length)) : packed;
  }

  private static void line(SplittableRandom random, boolean jobs, ByteArrayOutputStream out) {
    List<String> words = jobs ? JOB_WORDS : CONTACT_WORDS;
    int columns = (jobs ? 7 : 4) + (random.nextInt(12) == 0 ? random.nextInt(3) - 1 : 0);
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < columns; c++) {
      line.append(c == 0 ? "" : ",").append(field(random, words));
    }
    line.append(random.nextInt(5) == 0 ? "\r\n" : "\n");
    out.writeBytes(line.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String field(SplittableRandom random, List<String> words) {
    String word = words.get(random.nextInt(words.size()));
    return switch (random.nextInt(14)) {
      case 0 -> "\"" + word;
      case 1 -> word + "\"";
      case 2 -> "\"" + word.replace("\"", "\"\"") + "\n" + word.replace("\"", "\"\"") + "\"";
      case 3 -> word + "\"\"" + word;
      case 4 -> "\"\"";
      case 5 -> "\r";
      case 6 -> soup(random);
      default ->
          word.contains("\"") || word.contains(",")
              ? "\"" + word.replace("\"", "\"\"") + "\""
              : word;
    };
  }

  private static String soup(SplittableRandom random) {
    String letters = "\"\",\n\r a\\";
    StringBuilder soup = new StringBuilder();
    for (int i = random.nextInt(12); i > 0; i--) {
      soup.append(letters.charAt(random.nextInt(letters.length())));
    }
    return soup.toString();
  }
}
