package org.pgbackfill.testkit;

/**
 * What an export should be like. Start from {@link #of} and change what matters.
 *
 * @param records how many records, bad ones included, the header not
 * @param seed the same seed and options give the same bytes
 * @param links how many links the contacts belong to; not for jobs
 * @param keys how many keys there are to draw from: {@code records + skip} or more
 * @param skip how many positions of the key order to pass over. Two exports with the same seed,
 *     links and keys share keys where their positions overlap.
 * @param repeats percent of records that have another record's key
 * @param bad percent of records to be rejected
 * @param unkeyed percent of jobs without a unique key; not for contacts
 * @param order the order in which the keys arrive
 * @param lineEnd what ends a record, and breaks a line inside a field
 */
public record ExportOptions(
    long records,
    long seed,
    int links,
    long keys,
    long skip,
    double repeats,
    double bad,
    double unkeyed,
    Order order,
    LineEnd lineEnd) {

  /** The order in which the keys arrive. */
  public enum Order {
    /** as in a table that grew for years */
    RANDOM,
    /** the order of the arbiter index; jobs without unique key stand between */
    SORTED
  }

  /** What ends a record. */
  public enum LineEnd {
    /** as Unix and PostgreSQL write */
    LF("\n"),
    /** as RFC 4180 asks for */
    CRLF("\r\n");

    private final String text;

    LineEnd(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  private static final int RECORDS_PER_LINK = 5_000;

  /** Refuses what can't be generated. */
  public ExportOptions {
    require(records >= 1, "--records must be 1 or more");
    require(skip >= 0, "--skip must be 0 or more");
    require(keys >= records + skip, "--keys must be at least --records and --skip together");
    require(links >= 1 && links <= keys, "--links must be from 1 to the number of keys");
    require(repeats >= 0 && bad >= 0 && unkeyed >= 0, "percentages must be 0 or more");
    require(repeats + bad + unkeyed <= 100, "percentages must be 100 or less together");
  }

  /** Records in random order, all good, each with a key of its own. */
  public static ExportOptions of(long records, long seed) {
    return new ExportOptions(
        records, seed, defaultLinks(records), records, 0, 0, 0, 0, Order.RANDOM, LineEnd.LF);
  }

  static int defaultLinks(long keys) {
    return Math.toIntExact(Math.max(1, keys / RECORDS_PER_LINK));
  }

  /** The same with another number of links. */
  public ExportOptions withLinks(int newLinks) {
    return new ExportOptions(
        records, seed, newLinks, keys, skip, repeats, bad, unkeyed, order, lineEnd);
  }

  /** The same, drawn from more keys than there are records, beginning at a position of theirs. */
  public ExportOptions withKeys(long newKeys, long newSkip) {
    return new ExportOptions(
        records, seed, links, newKeys, newSkip, repeats, bad, unkeyed, order, lineEnd);
  }

  /** The same with another percentage of repeats. */
  public ExportOptions withRepeats(double percent) {
    return new ExportOptions(
        records, seed, links, keys, skip, percent, bad, unkeyed, order, lineEnd);
  }

  /** The same with another percentage of bad records. */
  public ExportOptions withBad(double percent) {
    return new ExportOptions(
        records, seed, links, keys, skip, repeats, percent, unkeyed, order, lineEnd);
  }

  /** The same with another percentage of jobs without unique key. */
  public ExportOptions withUnkeyed(double percent) {
    return new ExportOptions(
        records, seed, links, keys, skip, repeats, bad, percent, order, lineEnd);
  }

  /** The same in another order. */
  public ExportOptions withOrder(Order newOrder) {
    return new ExportOptions(
        records, seed, links, keys, skip, repeats, bad, unkeyed, newOrder, lineEnd);
  }

  /** The same with another line end. */
  public ExportOptions withLineEnd(LineEnd newLineEnd) {
    return new ExportOptions(
        records, seed, links, keys, skip, repeats, bad, unkeyed, order, newLineEnd);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
