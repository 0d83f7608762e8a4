package org.pgbackfill.ledger;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.pgbackfill.ledger.Ledger.Foresight;
import org.pgbackfill.ledger.Ledger.Request;
import org.pgbackfill.ledger.Ledger.Start;
import org.pgbackfill.source.FileContent;

/**
 * What one start means: a new run, an unfinished one to go on with, nothing to do, or a refusal.
 */
final class Decision {
  private final RunTable runs;
  private final Request request;

  /** Of a start that nobody else's comes between. */
  Decision(RunTable runs, Request request) {
    this.runs = runs;
    this.request = request;
  }

  /** Begins the run, takes it over, or finds that it is done; else throws why not. */
  Start make() throws SQLException {
    Optional<RunEntry> mine = runs.find("r.lease_token = ?", request.token()).stream().findFirst();
    if (mine.isPresent()) {
      return new Start(mine.get(), Start.Kind.RESUMED, request.token());
    }
    Foresight start = foresee();
    return switch (start.kind()) {
      case BEGUN -> new Start(runs.begin(request), Start.Kind.BEGUN, request.token());
      case RESUMED ->
          new Start(runs.take(start.run(), request), Start.Kind.RESUMED, request.token());
      case DONE -> new Start(start.run(), Start.Kind.DONE, null);
    };
  }

  /** What {@link #make} would do, by looking alone; throws why not. */
  Foresight foresee() throws SQLException {
    List<RunEntry> kin = kin();
    for (RunEntry run : kin) {
      if (run.isHeld()) {
        throw busy(run);
      }
    }
    Optional<RunEntry> last = kin.stream().findFirst();
    Request.Intent intent = request.intent();
    if (last.isEmpty() && intent == Request.Intent.PLAIN) {
      refuseUnfinished();
    }
    if (last.isEmpty() || intent == Request.Intent.AGAIN) {
      return begin();
    }
    RunEntry run = last.get();
    boolean named = request.name() != null;
    if (!run.isUnfinished() && (named || intent == Request.Intent.RESUME)) {
      return done(run);
    }
    if (!run.isUnfinished()) {
      return begin();
    }
    if (intent == Request.Intent.PLAIN) {
      throw unfinished(run);
    }
    return resume(run);
  }

  /** The same work under another name is the same work. */
  private void refuseUnfinished() throws SQLException {
    if (request.work().isKnown()) {
      Optional<RunEntry> last =
          runs.find("r.work_hash = ?", request.work().hash()).stream().findFirst();
      if (last.isPresent() && last.get().isUnfinished()) {
        throw unfinished(last.get());
      }
    }
  }

  private static LedgerException unfinished(RunEntry run) {
    return new LedgerException(
        "run "
            + run.name()
            + " of the same work was left "
            + (run.state() == RunState.RUNNING
                ? "unfinished by " + run.holder()
                : run.state().word())
            + "; go on with it: --run "
            + run.name()
            + " --resume; or begin anew, which pushes jobs without a unique key once more:"
            + " --again",
        null);
  }

  /**
   * Runs that are the same as the asked one by name, or by work where none is named; the last one
   * first.
   */
  private List<RunEntry> kin() throws SQLException {
    List<RunEntry> kin = new ArrayList<>();
    if (request.name() != null) {
      kin.addAll(runs.find("r.name = ?", request.name()));
    } else if (request.work().isKnown()) {
      kin.addAll(runs.find("r.work_hash = ?", request.work().hash()));
      if (kin.isEmpty() && request.intent() == Request.Intent.RESUME) {
        refuseChanged(request.work());
      }
    } else if (request.intent() == Request.Intent.RESUME) {
      throw new LedgerException(
          "standard input does not tell which run it belongs to; name the run to go on with: --run"
              + " NAME --resume",
          null);
    }
    if (request.name() != null && request.work().isKnown()) {
      // The same work under another name must not be at work meanwhile.
      for (RunEntry other : runs.find("r.work_hash = ?", request.work().hash())) {
        if (other.isHeld()) {
          throw busy(other);
        }
      }
    }
    return kin;
  }

  /**
   * An export that changed since its run stopped is other work; to begin with it by accident must
   * not be easy.
   */
  private void refuseChanged(Work work) throws SQLException {
    for (RunEntry run : runs.find("r.state <> 'succeeded' AND r.target = ?", work.target())) {
      if (names(run.work()).equals(names(work)) && run.work().command().equals(work.command())) {
        requireSame(run, work);
      }
    }
  }

  private static List<String> names(Work work) {
    return work.inputs().stream().map(FileContent::name).toList();
  }

  private static LedgerException.Busy busy(RunEntry run) {
    return new LedgerException.Busy(
        "run " + run.name() + " is at work already: " + run.holder() + "; nothing was done");
  }

  private Foresight done(RunEntry run) {
    requireSame(run, request.work());
    return new Foresight(Start.Kind.DONE, run);
  }

  private static Foresight begin() {
    return new Foresight(Start.Kind.BEGUN, null);
  }

  private Foresight resume(RunEntry run) {
    requireSame(run, request.work());
    if (run.lanes() != request.lanes()) {
      throw new LedgerException(
          "run "
              + run.name()
              + " began with "
              + run.lanes()
              + " lanes; resume it with --threads "
              + run.lanes()
              + ", or begin anew with --again",
          null);
    }
    if (request.keepsIds() && !run.keepsIds()) {
      throw new LedgerException(
          "run "
              + run.name()
              + " began without --outcomes, so the ledger has not kept what the file needs; resume"
              + " it without, or begin anew with --again",
          null);
    }
    return new Foresight(Start.Kind.RESUMED, run);
  }

  /** Throws what has changed since the run began. */
  static void requireSame(RunEntry run, Work work) {
    Work before = run.work();
    requireSame(run, "command", before.command(), work.command());
    requireSame(run, "target", before.target(), work.target());
    requireSame(run, "mapping", before.mapping(), work.mapping());
    if (before.inputs().size() != work.inputs().size()) {
      throw changed(
          run, "has " + before.inputs().size() + " files", "there are " + work.inputs().size());
    }
    for (int i = 0; i < work.inputs().size(); i++) {
      FileContent was = before.inputs().get(i);
      FileContent is = work.inputs().get(i);
      if (was.isKnown() != is.isKnown()
          || was.size() != is.size()
          || !was.checksum().equals(is.checksum())) {
        throw changed(
            run,
            "has "
                + was.name()
                + " with "
                + was.size()
                + " bytes and checksum "
                + orUnknown(was.checksum()),
            is.name() + " has " + is.size() + " bytes and checksum " + orUnknown(is.checksum()));
      }
    }
  }

  private static String orUnknown(String checksum) {
    return checksum.isEmpty() ? "unknown" : checksum;
  }

  private static void requireSame(RunEntry run, String what, String was, String is) {
    if (!Objects.equals(was, is)) {
      throw changed(
          run,
          "has the " + what + " " + (was.isEmpty() ? "(none)" : was),
          "now it is " + (is.isEmpty() ? "(none)" : is));
    }
  }

  private static LedgerException changed(RunEntry run, String was, String is) {
    return new LedgerException(
        "run "
            + run.name()
            + " "
            + was
            + ", "
            + is
            + "; give it what it began with, or begin another run with --run NAME or --again",
        null);
  }
}
