package org.pgbackfill.report;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Says while a run goes on how far it is: a bar on a terminal, a plain line now and then elsewhere.
 * Time left goes by bytes read, for nobody knows how many records an export has.
 */
public final class Progress implements AutoCloseable {
  /** How progress is shown. */
  public enum Mode {
    /** A bar where standard error is a terminal, plain lines elsewhere. */
    AUTO,
    /** A bar. */
    BAR,
    /** A line every ten seconds. */
    PLAIN,
    /** Nothing. */
    NONE
  }

  private static final Duration BAR_INTERVAL = Duration.ofMillis(200);
  private static final Duration LINE_INTERVAL = Duration.ofSeconds(10);

  private final LongSupplier records;
  private final LongSupplier bytesRead;
  private final OptionalLong bytesTotal;
  private final Supplier<String> status;
  private final PrintStream err;
  private final long start = System.nanoTime();
  private final ProgressBar bar;
  private final ScheduledExecutorService timer;

  private Progress(
      Mode mode,
      LongSupplier records,
      LongSupplier bytesRead,
      OptionalLong bytesTotal,
      Supplier<String> status,
      PrintStream err) {
    this.records = records;
    this.bytesRead = bytesRead;
    this.bytesTotal = bytesTotal;
    this.status = status;
    this.err = err;
    this.bar = mode == Mode.BAR ? bar(bytesTotal, err) : null;
    this.timer = mode == Mode.NONE ? null : timer();
    if (timer != null) {
      long period = (bar == null ? LINE_INTERVAL : BAR_INTERVAL).toMillis();
      Runnable show = bar == null ? this::showLine : this::showBar;
      var unused = timer.scheduleAtFixedRate(show, period, period, TimeUnit.MILLISECONDS);
    }
  }

  private static ScheduledExecutorService timer() {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, "progress");
          thread.setDaemon(true);
          return thread;
        });
  }

  private static ProgressBar bar(OptionalLong total, PrintStream err) {
    return new ProgressBarBuilder()
        .setTaskName("pgbackfill")
        .setInitialMax(total.orElse(-1))
        .setUnit(" MB", 1_000_000)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis((int) BAR_INTERVAL.toMillis())
        .setConsumer(new ConsoleProgressBarConsumer(err))
        .build();
  }

  /**
   * Starts to show.
   *
   * @param mode {@link Mode#AUTO} is decided here
   * @param terminal whether standard error is one
   * @param records how many have an outcome
   * @param bytesRead how far the reading is
   * @param bytesTotal empty when nobody knows
   * @param status what else there is to say, such as why the run is held; empty for nothing
   * @param err where to
   * @return to be closed by the caller, which shows the last state
   */
  public static Progress start(
      Mode mode,
      boolean terminal,
      LongSupplier records,
      LongSupplier bytesRead,
      OptionalLong bytesTotal,
      Supplier<String> status,
      PrintStream err) {
    Mode decided = mode != Mode.AUTO ? mode : terminal ? Mode.BAR : Mode.PLAIN;
    return new Progress(decided, records, bytesRead, bytesTotal, status, err);
  }

  private void showBar() {
    bar.stepTo(bytesRead.getAsLong());
    bar.setExtraMessage(
        String.format(Locale.ROOT, "%,d records, %,d/s", records.getAsLong(), rate()) + more());
  }

  private String more() {
    String text = status.get();
    return text.isEmpty() ? "" : "; " + text;
  }

  private void showLine() {
    StringBuilder line = new StringBuilder("pgbackfill: ");
    line.append(String.format(Locale.ROOT, "%,d records, %,d/s", records.getAsLong(), rate()));
    if (bytesTotal.isPresent() && bytesRead.getAsLong() > 0) {
      double part = (double) bytesRead.getAsLong() / Math.max(1, bytesTotal.getAsLong());
      long left = Math.round(elapsed().toSeconds() * (1 - part) / part);
      line.append(
          String.format(Locale.ROOT, ", %.0f %%, %d:%02d left", part * 100, left / 60, left % 60));
    }
    err.println(line.append(more()));
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private long rate() {
    return Math.round(records.getAsLong() * 1e9 / Math.max(1, elapsed().toNanos()));
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.shutdownNow();
    }
    if (bar != null) {
      showBar();
      bar.close();
    }
  }
}
