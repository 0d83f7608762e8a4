package org.pgbackfill.load;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pgbackfill.ledger.Finding;
import org.pgbackfill.ledger.Ledger;
import org.pgbackfill.target.Column;
import org.pgbackfill.target.Target;

/**
 * Looks at a target before a load: what helps, what hinders, what would make it fail. Reads the
 * catalog in transactions that can't write, and makes nothing. For one use.
 *
 * <p>{@link Preflight} has what a load refuses for; the same errors are found here.
 */
public final class TargetCheck {
  /** Longer than any transaction of a load, unless it waits. */
  public static final Duration LONG_TRANSACTION = Duration.ofMinutes(5);

  /** What is said where nothing is found, so that an operator sees what was looked at. */
  private static final Map<String, String> OTHERWISE = otherwise();

  /** Beside the lanes': one that keeps the run, one that looks around, and one for the ledger. */
  private static final int CONNECTIONS_BESIDE = 3;

  private final Database database;
  private final Target target;
  private final Findings.Subject subject;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * Prepares a check.
   *
   * @param database where to look; it need not be written to
   * @param target what would be loaded, made without files
   * @param threads how many lanes would load
   * @param longTransaction since when a transaction of others is worth a word
   */
  public TargetCheck(Database database, Target target, int threads, Duration longTransaction) {
    this.database = database;
    this.target = target;
    List<String> written = target.columns().stream().map(Column::name).toList();
    Set<String> brought = new HashSet<>(written);
    brought.addAll(Findings.known(target));
    this.subject =
        new Findings.Subject(
            target,
            target.table(),
            written,
            brought,
            threads + CONNECTIONS_BESIDE,
            longTransaction.toMillis());
  }

  private static Map<String, String> otherwise() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("table", "it is there, a plain table");
    texts.put("arbiter", "its unique index is there and valid");
    texts.put("primary key", "there");
    texts.put("rights", "SELECT and INSERT");
    texts.put("columns", "as expected");
    texts.put("trigger", "none at INSERT");
    texts.put("foreign key", "none");
    texts.put("unique index", "no other");
    texts.put("connections", "enough");
    texts.put("replicas", "none seen");
    texts.put("archive", "none");
    return texts;
  }

  /**
   * Looks.
   *
   * @param ledgerSchema the ledger's; null for a load without one
   * @return never empty; in no order
   * @throws LoadException when the server can't be asked
   */
  public List<Finding> look(String ledgerSchema) {
    findings.clear();
    try (Connection connection = begin()) {
      findings.add(ServerCheck.version(connection.getMetaData().getDatabaseMajorVersion()));
      findings.addAll(
          Findings.ask(
              connection,
              subject.withoutTable(),
              ServerCheck.SERVER,
              ServerCheck.CONNECTIONS,
              ServerCheck.WAL));
    } catch (SQLException e) {
      throw unanswered(e);
    }
    boolean seen = lookAtTable();
    if (ledgerSchema != null) {
      lookAtLedger(ledgerSchema);
    }
    if (seen) {
      OTHERWISE.forEach(this::addOtherwise);
    }
    return List.copyOf(findings);
  }

  private Connection begin() throws SQLException {
    return database.begin("pgbackfill check");
  }

  private LoadException unanswered(SQLException e) {
    return new LoadException(
        "no answer from " + database.spec().describe() + ": " + Messages.of(e), e);
  }

  /** Whether there is a table, and nobody keeps it from being looked at. */
  private boolean lookAtTable() {
    try (Connection connection = begin()) {
      List<Finding> locks = Findings.ask(connection, subject, TableCheck.LOCKS);
      findings.addAll(locks);
      if (!locks.isEmpty()) {
        return false;
      }
      TargetTable table =
          TargetTable.read(connection, database.spec(), target, Notify.OFF, RowChanges.Order.KEY);
      findings.addAll(Preflight.errors(connection, table, subject));
      findings.addAll(
          Findings.ask(
              connection,
              subject,
              TableCheck.KIND,
              TableCheck.OTHERS,
              TableCheck.COLUMNS,
              TableCheck.TODAY));
      // What is known to be wrong needs no plan, and a replica makes none.
      if (findings.stream().noneMatch(finding -> finding.level() == Finding.Level.ERROR)) {
        table.plan(connection, database.spec());
      }
      return true;
    } catch (LoadException e) {
      findings.add(error(e));
    } catch (SQLException e) {
      findings.add(error(TargetTable.unreadable(target, database.spec(), e)));
    }
    return false;
  }

  private static Finding error(LoadException e) {
    return new Finding(Finding.Level.ERROR, "table", e.getMessage(), null);
  }

  private void lookAtLedger(String schema) {
    try (Connection connection = begin()) {
      findings.addAll(Ledger.look(connection, schema));
    } catch (SQLException e) {
      String message = Ledger.unusable(schema, e).getMessage();
      findings.add(new Finding(Finding.Level.ERROR, "ledger", message, null));
    }
  }

  private void addOtherwise(String about, String text) {
    if (findings.stream().noneMatch(finding -> finding.subject().equals(about))) {
      findings.add(new Finding(Finding.Level.OK, about, text, null));
    }
  }
}
