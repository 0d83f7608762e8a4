package org.pgbackfill.run;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.pgbackfill.ledger.Hold;
import org.pgbackfill.ledger.Outcome;
import org.pgbackfill.load.Answers;
import org.pgbackfill.load.ChunkLoader;
import org.pgbackfill.load.Database;
import org.pgbackfill.load.Existence;
import org.pgbackfill.load.LiveSystem;
import org.pgbackfill.load.Retries;
import org.pgbackfill.load.Sighting;
import org.pgbackfill.report.BlastRadius;

/**
 * How a run behaves towards the live system: when its chunks begin, how large they are, and what it
 * has to say about that at the end. Safe between threads.
 */
final class Restraint implements Existence.Rests {
  /**
   * The reader goes on in so many stretches a second, where the rate is limited. Whoever is woken
   * while both cores are at work waits for the rest of a stretch. With 68,000 records a second, in
   * stretches of 200, 4.1 of 100 transactions beside took over 2.7 ms, in these 3.1, without a load
   * 1.7 (src/site/markdown/performance.md).
   */
  private static final int STRETCHES_PER_SECOND = 1_000;

  /** So many records are read at a stretch at least: fewer are not worth a rest. */
  private static final int SHORTEST_STRETCH = 50;

  /** And at most: a few milliseconds of work. */
  private static final int LONGEST_STRETCH = 1_000;

  /**
   * The reader is a little faster than the lanes, which must not wait for it: a rest may be longer
   * than it was meant to be, and none is made up for.
   */
  private static final double AHEAD = 1.2;

  /** Work that no rate measures rests so many times as long behind each piece as that took. */
  private static final int RESTS = 2;

  /** A piece that has only waited for the server needs no more. */
  private static final Duration LONGEST_REST = Duration.ofMillis(100);

  /** So long a thread goes on where others are at work, before they have its core for a moment. */
  private static final long LONGEST_SPELL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** What is only there is marked as in after so long, though there may be more of it. */
  private static final long LONGEST_UNMARKED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Enough for whoever waits for the core to get it, not enough to be felt by the load. */
  private static final long MOMENT_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

  /** The longest rest between two sessions' ends: twice what one takes, 30 ms of a core. */
  private static final Duration LONGEST_REST_BETWEEN_ENDS = Duration.ofMillis(60);

  /** A run of so many times as long has such a rest; a shorter one a shorter rest. */
  private static final int RUN_TO_REST = 50;

  private final ThrottlePlan plan;
  private final Stop stop;
  private final Consumer<String> notices;
  private final Rate rate;
  private final Rate reading;
  private final Pace pace;
  private final Throttle throttle;

  /** Records of the stretch that the reader is at, and how many it shall have. */
  private int readOfStretch;

  private int stretch = SHORTEST_STRETCH;

  /** Null where the server does not say. */
  private Long walAtStart;

  private volatile boolean othersWork;

  /** When each thread had its last moment. */
  private final ThreadLocal<long[]> lastMoment =
      ThreadLocal.withInitial(() -> new long[] {System.nanoTime()});

  Restraint(ThrottlePlan plan, int chunkSize, Stop stop, Consumer<String> notices) {
    this.plan = plan;
    this.stop = stop;
    this.notices = notices;
    Long millis = plan.limits().get(Knob.CHUNK_TIME);
    Long perSecond = plan.limits().get(Knob.MAX_RATE);
    this.rate = new Rate(perSecond, System::nanoTime);
    this.reading = new Rate(ahead(perSecond), System::nanoTime);
    this.pace = new Pace(chunkSize, millis == null ? null : Duration.ofMillis(millis), rate);
    this.throttle = new Throttle(plan, rate, stop, notices, System::nanoTime);
  }

  /** Refuses what can't be seen, before the run is begun. */
  void check(Database database) {
    if (plan.query() != null || !plan.gauges().isEmpty()) {
      LiveSystem.require(database, plan.gauges(), plan.query());
    }
  }

  /** Begins to look; to be closed by the caller. */
  Lookout watch(Database database, Hold hold, Consumer<Exception> failed) {
    walAtStart = LiveSystem.walBytes(database);
    othersWork = LiveSystem.othersWork(database, hold.name());
    return Lookout.start(new LiveSystem(database, hold.name()), hold, this, stop, notices, failed);
  }

  /** Whether the first chunk has to wait for the first look. */
  boolean looksFirst() {
    return plan.looksFirst();
  }

  /** What holds the load. */
  Throttle throttle() {
    return throttle;
  }

  /** Takes what the last look has shown; one that has shown nothing says nothing of others. */
  void see(Sighting sighting) {
    if (sighting.fault() == null) {
      othersWork = sighting.othersWork();
    }
    throttle.see(sighting);
  }

  /** Turns a knob while the run is at work; empty lifts a limit. */
  void set(Knob knob, OptionalLong value) {
    switch (knob) {
      case MAX_RATE -> {
        Long perSecond = value.isPresent() ? value.getAsLong() : null;
        rate.set(perSecond);
        reading.set(ahead(perSecond));
      }
      case CHUNK_SIZE -> value.ifPresent(records -> pace.setMost((int) records));
      case CHUNK_TIME ->
          pace.setChunkTime(value.isPresent() ? Duration.ofMillis(value.getAsLong()) : null);
      case MAX_LAG, MAX_ACTIVE, MAX_LOCK_WAITERS, MAX_WAL_BACKLOG -> throttle.set(knob, value);
    }
  }

  /** Whether the live system is to feel little of the load, where that can be chosen. */
  boolean isGentle() {
    return isRateLimited() || othersWork;
  }

  /** Whether an operator has set a rate. */
  boolean isRateLimited() {
    return rate.perSecond() != null;
  }

  Pace pace() {
    return pace;
  }

  private static Long ahead(Long perSecond) {
    return perSecond == null ? null : (long) Math.ceil(AHEAD * perSecond);
  }

  /**
   * Lets the reader deal another record to the lanes: where the rate is limited it reads in short
   * stretches. Where that is less than a record for each of them, it may go on; there, and without
   * a limit, with a moment for others now and then. For one thread.
   *
   * @param look has the records of a stretch looked up, before the reader rests
   */
  void read(Runnable look) {
    if (++readOfStretch < stretch) {
      return;
    }
    readOfStretch = 0;
    Long perSecond = rate.perSecond();
    if (perSecond == null || perSecond < STRETCHES_PER_SECOND) {
      moment();
      return;
    }
    look.run();
    int done = stretch;
    long due = Math.max(SHORTEST_STRETCH, perSecond / STRETCHES_PER_SECOND);
    stretch = (int) Math.min(LONGEST_STRETCH, due);
    for (Duration wait = reading.take(done); !wait.isZero(); wait = reading.take(done)) {
      if (!stop.pass(wait)) {
        return;
      }
    }
  }

  /**
   * Has a rest behind a piece of work that no rate measures, where the rate is limited: a third of
   * the time it works. Otherwise there is none: such work waits for the server often enough.
   *
   * @param worked how long the piece took
   */
  @Override
  public void after(Duration worked) {
    if (isRateLimited()) {
      Duration rest = worked.multipliedBy(RESTS);
      var unused = stop.pass(rest.compareTo(LONGEST_REST) < 0 ? rest : LONGEST_REST);
    }
  }

  /**
   * Lets others have the core now and then, where others are at work. A scheduler lets a thread go
   * on for some milliseconds as long as it does not wait, whoever waits behind it.
   */
  @Override
  public void moment() {
    if (othersWork) {
      long[] last = lastMoment.get();
      if (System.nanoTime() - last[0] >= LONGEST_SPELL_NANOS) {
        LockSupport.parkNanos(MOMENT_NANOS);
        last[0] = System.nanoTime();
      }
    }
  }

  /** For a status line. */
  String status() {
    return throttle.status();
  }

  /**
   * Loads a lane's part chunk by chunk, each when it may begin; leaves the rest when the run stops.
   * A chunk grows by what may begin next as long as all of it is known to exist: to say so takes a
   * transaction, and at a limited rate there would be hundreds in a second that write nothing else.
   *
   * @param told takes each chunk with its outcomes
   */
  void load(Window.Part part, ChunkLoader loader, BiConsumer<Window.Part, List<Outcome>> told) {
    Window.Part open = part;
    Answers answers = Answers.NONE;
    long begun = System.nanoTime();
    while (open != null) {
      Window.Part rest = open.behind(answers.size());
      int there = rest.there();
      int most = pace.next();
      boolean known = there >= Math.min(most, rest.size());
      Window.Part next = rest.first(known ? there : most);
      if (!throttle.pass(next.size())) {
        return; // what has no mark yet was only looked up: a resumed run looks again
      }
      long start = System.nanoTime();
      answers = answers.and(known ? Answers.there(there) : loader.look(next.chunk()));
      boolean grows =
          answers.settleAll()
              && answers.size() < open.size()
              && System.nanoTime() - begun < LONGEST_UNMARKED_NANOS;
      if (!grows) {
        Window.Part chunk = open.first(answers.size());
        told.accept(chunk, loader.load(chunk.chunk(), answers));
        open = open.behind(answers.size());
        answers = Answers.NONE;
        begun = System.nanoTime();
      }
      if (!known) {
        pace.loaded(next.size(), Duration.ofNanos(System.nanoTime() - start));
      }
    }
  }

  /** Waits to try something again: so long, and on while somebody wants the load to hold. */
  boolean pass(Duration time) {
    boolean goesOn = stop.pass(time);
    while (goesOn && throttle.isHeldByHand()) {
      goesOn = stop.pass(Throttle.LOOK_UP);
    }
    return goesOn;
  }

  /**
   * Ends the run's sessions, where the live system is to feel little of the load: one after the
   * other, and none while this process ends. Where somebody waits for the end it goes at once.
   *
   * @param ran since the run's start
   */
  void leave(Database database, Duration ran) {
    if (isGentle()) {
      Duration share = ran.dividedBy(RUN_TO_REST);
      Duration rest =
          share.compareTo(LONGEST_REST_BETWEEN_ENDS) < 0 ? share : LONGEST_REST_BETWEEN_ENDS;
      database.endOneByOne(() -> stop.pass(rest));
      var unused = stop.pass(rest);
    }
  }

  /**
   * What there is to say at the end.
   *
   * @param database null when it is not to be asked any more
   * @param loader null where nothing was begun
   */
  BlastRadius blastRadius(Database database, Retries retries, ChunkLoader loader) {
    Long walAtEnd = walAtStart == null || database == null ? null : LiveSystem.walBytes(database);
    Map<String, Duration> heldBy = new TreeMap<>();
    throttle.heldByReason().forEach((reason, time) -> heldBy.put(reason.word(), time));
    return new BlastRadius(
        retries.byState(),
        loader == null ? 0 : loader.rolledBackRows(),
        walAtEnd == null ? null : walAtEnd - walAtStart,
        throttle.mostWaiting(),
        throttle.longestWait(),
        throttle.mostLag(),
        throttle.heldAltogether(),
        heldBy);
  }
}
