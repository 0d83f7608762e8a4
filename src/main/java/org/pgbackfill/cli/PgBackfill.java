package org.pgbackfill.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program without a command: help and version. */
@Command(
    name = "pgbackfill",
    description =
        "Loads exports of contacts and queue jobs into a live PostgreSQL, in parallel, without a"
            + " deadlock.",
    mixinStandardHelpOptions = false,
    versionProvider = PgBackfill.Version.class,
    footerHeading = "%nExit status:%n",
    footer = {
      "  0  loaded; check: a load would work",
      "  1  failed; check: a load would fail",
      "  2  usage",
      "  3  loaded, with rejects (unless --max-rejects allows them)",
      "  4  stopped by the reject limit",
      "  5  interrupted, resumable",
      "  6  verify: not all of the export is there",
      "  75  another process is at work on the same run"
    })
final class PgBackfill implements Runnable {
  @Spec private CommandSpec spec;

  @SuppressWarnings("UnusedVariable")
  @Mixin
  private HelpOption help;

  @SuppressWarnings("UnusedVariable")
  @Option(names = "--version", versionHelp = true, description = "Show the version.")
  private boolean version;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "no command; expected contacts, jobs, job-updates, check, verify, runs, pause, unpause,"
            + " stop, tune, ledger or demo");
  }

  /** From the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = PgBackfill.class.getPackage().getImplementationVersion();
      return new String[] {"pgbackfill " + (version == null ? "(not packaged)" : version)};
    }
  }
}
