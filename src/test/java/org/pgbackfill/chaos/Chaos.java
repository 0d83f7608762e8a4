package org.pgbackfill.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.pgbackfill.testkit.MortalServer;

/**
 * Loads under fire: the tool is killed at random moments and resumed, the server is killed and
 * restarted, until all is in. Then the table, the counters, the reject file and the outcome file
 * are compared with what one undisturbed load leaves, byte for byte but for the run's own ids and
 * the time. The seed decides the exports and the moments; when exactly a process is where, the
 * machine decides.
 */
public final class Chaos implements AutoCloseable {
  private static final String USAGE =
      """
      usage: scripts/chaos [--seed N] [--kills N] [--server-kills N] [--quick]
        --seed N          what the exports and the moments depend on (default: 1)
        --kills N         kill -9 of the tool (default: 100)
        --server-kills N  kill -9 of the server (default: 20)
        --quick           6 kills of the tool and 3 of the server in smaller loads
      """;

  /** In which a dead holder's run must be free. */
  private static final Duration FREE_WITHIN = Duration.ofSeconds(15);

  /** A machine that is so slow that this does not suffice shows nothing any more. */
  private static final Duration LONGEST = Duration.ofMinutes(30);

  private static final Duration RETRY_TIME = Duration.ofSeconds(5);

  /** The last try may take two waits of 5 s for a connection: the chunk's and the ledger's. */
  private static final Duration RETRY_GRACE = Duration.ofSeconds(15);

  private static final int MOST_KILLS_OF_A_LOAD = 12;
  private static final int MOST_SERVER_KILLS_OF_A_LOAD = 3;
  private static final List<MortalServer.Death> DEATHS = List.of(MortalServer.Death.values());
  private static final int[] CHUNK_SIZES = {40, 100, 250};

  /**
   * What is to be done.
   *
   * @param seed what the exports and the moments depend on
   * @param kills of the tool
   * @param serverKills of the server
   * @param records in an export, about
   * @param scenes how many of them
   */
  public record Plan(long seed, int kills, int serverKills, int records, int scenes) {
    static Plan quick(long seed) {
      return new Plan(seed, 6, 3, 1_000, 3);
    }

    static Plan full(long seed) {
      return new Plan(seed, 100, 20, 5_000, 5);
    }

    Plan withSeed(long newSeed) {
      return new Plan(newSeed, kills, serverKills, records, scenes);
    }

    Plan withKills(int newKills) {
      return new Plan(seed, newKills, serverKills, records, scenes);
    }

    Plan withServerKills(int newKills) {
      return new Plan(seed, kills, newKills, records, scenes);
    }
  }

  /** The undisturbed load of a scene: what it leaves, and how long it took. */
  private record Undisturbed(Picture picture, long records, Duration process, Duration load) {}

  private final Plan plan;
  private final PrintStream out;
  private final Path folder;
  private final Random random;
  private final long start = System.nanoTime();
  private final MortalServer server;
  private final List<Scene> scenes;
  private final Map<Scene, Undisturbed> undisturbed = new LinkedHashMap<>();
  private final List<String> faults = new ArrayList<>();
  private final Deque<Load> open = new ArrayDeque<>();
  private int loads;

  /**
   * Starts a server and makes the scenes.
   *
   * @param folder an empty one
   */
  public Chaos(Plan plan, Path folder, PrintStream out) {
    this.plan = plan;
    this.folder = folder;
    this.out = out;
    this.random = new Random(plan.seed());
    this.server = MortalServer.start(folder);
    try {
      this.scenes = Scenes.make(server, folder, plan);
    } catch (RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /**
   * Does it all.
   *
   * @return what was not as it should be; empty when all was equal
   */
  public List<String> run() {
    say("chaos with seed %d, PostgreSQL %s", plan.seed(), version());
    scenes.forEach(this::loadUndisturbed);
    controls();
    killTool();
    killServer();
    serverStaysAway();
    if (faults.isEmpty()) {
      say("chaos: all equal, in %d s", since(start).toSeconds());
    } else {
      say("chaos: %d faults, in %d s; see %s", faults.size(), since(start).toSeconds(), folder);
    }
    return faults;
  }

  // ------------------------------------------------------------------ undisturbed, and controls

  private void loadUndisturbed(Scene scene) {
    Load load = begin(scene);
    Tool.Ended ended = load.start(chunkSize()).await();
    if (!ended.loaded()) {
      throw new ChaosException("the undisturbed load of " + scene.name() + " fails: " + ended);
    }
    double seconds = Double.parseDouble(ended.field("elapsed_seconds"));
    Undisturbed first =
        new Undisturbed(
            load.picture(ended),
            Long.parseLong(ended.field("read")),
            ended.elapsed(),
            Duration.ofMillis((long) (seconds * 1000)));
    undisturbed.put(scene, first);
    end(load);
    say(
        "undisturbed  %s: %s records, %s inserted, %s existing, %s duplicate, %s rejected; %.1f s",
        scene.name(),
        ended.field("read"),
        ended.field("inserted"),
        ended.field("existing"),
        ended.field("duplicate"),
        ended.field("rejected"),
        ended.elapsed().toMillis() / 1000.0);
  }

  /** The comparison must notice what is doubled, and what is lost. */
  private void controls() {
    Scene jobs = scenes.get(0);
    Load doubled = interrupted(jobs);
    Tool.Ended again = doubled.start(chunkSize(), "--again").await();
    for (long end = System.nanoTime() + FREE_WITHIN.toNanos();
        again.status() == 75 && System.nanoTime() < end; ) {
      again = doubled.start(chunkSize(), "--again").await();
    }
    control("begun again in place of resumed", doubled.picture(again), jobs);
    end(doubled);

    Load lost = interrupted(jobs);
    Tool.Ended resumed = resume(lost);
    if (!lost.picture(resumed).differences(undisturbed.get(jobs).picture()).isEmpty()) {
      faults.add("the control's resumed load is not equal");
    }
    lost.loseRow();
    control("a row less", lost.picture(resumed), jobs);
    end(lost);
  }

  private Load interrupted(Scene scene) {
    for (int attempt = 0; attempt < 10; attempt++) {
      Load load = begin(scene);
      Tool tool = load.start(chunkSize());
      if (load.awaitHold()
          && load.awaitRecord(undisturbed.get(scene).records() / 2)
          && tool.kill()
          && load.stage() == Load.Stage.WITHIN) {
        return load;
      }
      end(load);
    }
    throw new ChaosException("no load of " + scene.name() + " could be killed half way");
  }

  private void control(String what, Picture picture, Scene scene) {
    List<String> differences = picture.differences(undisturbed.get(scene).picture());
    if (differences.stream().noneMatch(line -> line.startsWith("table"))) {
      faults.add("control: the comparison does not notice " + what);
    }
    say(
        "control      %s is noticed: %s",
        what, differences.get(0).lines().findFirst().orElseThrow());
  }

  // ------------------------------------------------------------------ kill -9 of the tool

  /** What the kills of the tool came to. */
  private static final class Killed {
    private final Map<Load.Stage, Integer> stages = new EnumMap<>(Load.Stage.class);
    private final Map<String, Integer> byScene = new LinkedHashMap<>();
    private int kills;
    private int runs;
    private int refusals;
    private Duration longestRefusal = Duration.ZERO;
  }

  private void killTool() {
    Killed killed = new Killed();
    for (int i = 0; killed.kills < plan.kills(); i++) {
      killTool(scenes.get(i % scenes.size()), killed);
    }
    say("tool killed  %d times in %d loads: %s", killed.kills, killed.runs, killed.byScene);
    say(
        "             %d before the first chunk was in, %d while it loaded, %d behind the end",
        killed.stages.getOrDefault(Load.Stage.BEFORE, 0),
        killed.stages.getOrDefault(Load.Stage.WITHIN, 0),
        killed.stages.getOrDefault(Load.Stage.BEHIND, 0));
    say(
        "             %d next starts found the run taken, for %.1f s at most",
        killed.refusals, killed.longestRefusal.toMillis() / 1000.0);
  }

  private void killTool(Scene scene, Killed killed) {
    Load load = begin(scene);
    int kills = 0;
    long lastKill = 0;
    boolean refused = false;
    while (true) {
      checkTime();
      Tool tool = load.start(chunkSize(), "--resume");
      boolean kill =
          killed.kills < plan.kills() && kills < each(plan.kills(), MOST_KILLS_OF_A_LOAD);
      if (kill && awaitMoment(load, tool) && tool.kill()) {
        kills++;
        killed.kills++;
        killed.stages.merge(load.stage(), 1, Integer::sum);
        killed.byScene.merge(scene.name(), 1, Integer::sum);
        lastKill = System.nanoTime();
        refused = false;
        continue;
      }
      Tool.Ended ended = tool.await();
      if (ended.status() == 75) {
        killed.refusals += refused ? 0 : 1;
        refused = true;
        Duration taken = since(lastKill);
        killed.longestRefusal =
            taken.compareTo(killed.longestRefusal) > 0 ? taken : killed.longestRefusal;
        if (taken.compareTo(FREE_WITHIN) > 0) {
          fault(load, "the run is taken for " + taken.toMillis() + " ms after its holder's death");
          return;
        }
        continue;
      }
      killed.runs++;
      compare(load, ended, kills + " kills of the tool");
      return;
    }
  }

  /** How many kills a load gets: few are spread over the scenes. */
  private int each(int all, int most) {
    return Math.min(most, Math.max(1, all / plan.scenes()));
  }

  /** Waits for a moment to kill at; false when the process ended before. */
  private boolean awaitMoment(Load load, Tool tool) {
    Undisturbed whole = undisturbed.get(load.scene());
    int kind = random.nextInt(20);
    double part = random.nextDouble();
    if (kind < 3) {
      return tool.livesFor(scaled(whole.process(), part));
    }
    if (kind < 5) {
      return load.awaitHold()
          && load.awaitRecord((long) (whole.records() * (0.9 + part / 10)))
          && tool.livesFor(Duration.ofMillis((long) (part * 100)));
    }
    if (kind < 6) {
      return load.awaitHold() && load.awaitEnd();
    }
    return load.awaitHold() && tool.livesFor(scaled(whole.load(), part * 0.6));
  }

  private static Duration scaled(Duration duration, double factor) {
    return Duration.ofNanos((long) (duration.toNanos() * factor));
  }

  // ------------------------------------------------------------------ kill -9 of the server

  private void killServer() {
    int kills = 0;
    int runs = 0;
    int resumed = 0;
    long retries = 0;
    Map<MortalServer.Death, Integer> deaths = new EnumMap<>(MortalServer.Death.class);
    for (int i = 0; kills < plan.serverKills(); i++) {
      Load load = begin(scenes.get(i % scenes.size()));
      boolean asynchronous = random.nextBoolean();
      if (asynchronous) {
        load.withAsynchronousCommit();
      }
      int killsBefore = kills;
      Tool tool = load.start(chunkSize(), "--resume");
      while (true) {
        checkTime();
        if (kills < plan.serverKills()
            && kills - killsBefore < each(plan.serverKills(), MOST_SERVER_KILLS_OF_A_LOAD)
            && awaitServerMoment(load, tool)) {
          MortalServer.Death death = DEATHS.get(random.nextInt(DEATHS.size()));
          server.kill(death, random);
          kills++;
          deaths.merge(death, 1, Integer::sum);
          pause(Duration.ofMillis(random.nextInt(1_500)));
          server.start();
          continue;
        }
        Tool.Ended ended = tool.await();
        if (ended.status() == 1 || ended.status() == 75) {
          resumed++;
          tool = load.start(chunkSize(), "--resume");
          continue;
        }
        retries += load.retries();
        compare(
            load,
            ended,
            (kills - killsBefore)
                + " kills of the server"
                + (asynchronous ? ", asynchronous commit" : ""));
        runs++;
        break;
      }
    }
    say("server killed %d times in %d loads: %s", kills, runs, deaths);
    say(
        "             the tool came through by itself with %d retries, and was resumed %d times",
        retries, resumed);
  }

  private boolean awaitServerMoment(Load load, Tool tool) {
    return tool.isAlive()
        && load.awaitHold()
        && tool.livesFor(scaled(undisturbed.get(load.scene()).load(), random.nextDouble() * 0.8));
  }

  private void serverStaysAway() {
    Scene scene = scenes.get(random.nextInt(2));
    Load load = begin(scene);
    Tool tool = load.start(chunkSize(), "--resume", "--retry-time", RETRY_TIME.toSeconds() + "s");
    if (!load.awaitHold() || !load.awaitRecord(undisturbed.get(scene).records() / 4)) {
      fault(load, "ended before the server could be killed: " + tool.await());
      return;
    }
    server.kill(MortalServer.Death.WHOLE, random);
    long gone = System.nanoTime();
    Tool.Ended ended = tool.await();
    Duration until = since(gone);
    server.start();
    if (ended.status() != 1
        || ended.field("resume").equals("null")
        || until.compareTo(RETRY_TIME.plus(RETRY_GRACE)) > 0) {
      fault(load, "did not end as it should, after " + until.toMillis() + " ms: " + ended);
      return;
    }
    say(
        "server away  for good: the load of %s ended %.1f s after (--retry-time %d s), exit status"
            + " 1, with the command to resume it",
        scene.name(), until.toMillis() / 1000.0, RETRY_TIME.toSeconds());
    compare(load, load.startByLine(ended.field("resume")).await(), "a server that stayed away");
  }

  // ------------------------------------------------------------------ what they share

  private Load begin(Scene scene) {
    Load load = new Load(server, scene, folder.resolve(Integer.toString(++loads)));
    open.add(load);
    return load;
  }

  private void end(Load load) {
    load.close();
    load.drop();
    open.remove(load);
  }

  private Tool.Ended resume(Load load) {
    long end = System.nanoTime() + FREE_WITHIN.toNanos();
    Tool.Ended ended = load.start(chunkSize(), "--resume").await();
    while (ended.status() == 75 && System.nanoTime() < end) {
      ended = load.start(chunkSize(), "--resume").await();
    }
    return ended;
  }

  private void compare(Load load, Tool.Ended ended, String after) {
    if (!ended.loaded()) {
      fault(load, "after " + after + " it does not end well: " + ended);
      return;
    }
    List<String> differences =
        load.picture(ended).differences(undisturbed.get(load.scene()).picture());
    if (!differences.isEmpty()) {
      fault(load, "after " + after + " it is not equal:\n  " + String.join("\n  ", differences));
      return;
    }
    end(load);
  }

  /** The load's database and files stay to be looked at. */
  private void fault(Load load, String text) {
    load.close();
    String fault = load.scene().name() + ", load " + loads + ": " + text;
    faults.add(fault);
    say("FAULT        %s", fault);
  }

  private void checkTime() {
    if (since(start).compareTo(LONGEST) > 0) {
      throw new ChaosException("not through after " + LONGEST.toMinutes() + " minutes");
    }
  }

  private int chunkSize() {
    return CHUNK_SIZES[random.nextInt(CHUNK_SIZES.length)];
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }

  private static void pause(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String version() {
    try (Connection connection = server.connect("postgres")) {
      return connection.getMetaData().getDatabaseProductVersion();
    } catch (SQLException e) {
      throw new ChaosException(e.getMessage());
    }
  }

  private void say(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }

  /** Ends every process that it has started. */
  @Override
  public void close() {
    open.forEach(Load::close);
    server.close();
  }

  // ------------------------------------------------------------------ the command line

  /**
   * Runs it; exit status 0 only when all was equal.
   *
   * @param args see {@link #USAGE}
   */
  public static void main(String[] args) throws IOException {
    if (List.of(args).contains("--help")) {
      System.out.print(USAGE);
      return;
    }
    Plan plan;
    try {
      plan = plan(new ArrayDeque<>(List.of(args)));
    } catch (IllegalArgumentException e) {
      System.err.println("chaos: " + e.getMessage());
      System.err.print(USAGE);
      System.exit(2);
      return;
    }
    Path folder = Files.createTempDirectory("pgbackfill-chaos-");
    boolean equal = false;
    Chaos chaos = new Chaos(plan, folder, System.out);
    // Also when somebody has enough of it.
    Thread atEnd = new Thread(chaos::close);
    Runtime.getRuntime().addShutdownHook(atEnd);
    try {
      equal = chaos.run().isEmpty();
    } catch (ChaosException e) {
      System.out.println("chaos: " + e.getMessage() + "; see " + folder);
    }
    chaos.close();
    Runtime.getRuntime().removeShutdownHook(atEnd);
    if (equal) {
      delete(folder);
    }
    System.exit(equal ? 0 : 1);
  }

  private static Plan plan(Deque<String> words) {
    Plan plan = Plan.full(1);
    while (!words.isEmpty()) {
      String word = words.remove();
      plan =
          switch (word) {
            case "--quick" -> Plan.quick(plan.seed());
            case "--seed" -> plan.withSeed(number(word, words));
            case "--kills" -> plan.withKills((int) number(word, words));
            case "--server-kills" -> plan.withServerKills((int) number(word, words));
            default -> throw new IllegalArgumentException("unknown option " + word);
          };
    }
    return plan;
  }

  private static long number(String option, Deque<String> words) {
    if (words.isEmpty() || !words.peek().matches("[0-9]{1,6}")) {
      throw new IllegalArgumentException(option + " wants a number");
    }
    return Long.parseLong(words.remove());
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
