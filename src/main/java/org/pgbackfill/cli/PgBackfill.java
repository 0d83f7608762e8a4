package org.pgbackfill.cli;

import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The program without a command: help and version. */
final class PgBackfill implements Runnable {
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

  /** Without its commands. */
  PgBackfill() {
    spec.name("pgbackfill")
        .versionProvider(new Version())
        .addOption(Commands.help())
        .addOption(
            OptionSpec.builder("--version")
                .type(boolean.class)
                .versionHelp(true)
                .description("Show the version.")
                .build());
    spec.usageMessage()
        .description(
            "Loads exports of contacts and queue jobs into a live PostgreSQL, in parallel, without"
                + " a deadlock.")
        .footerHeading("%nExit status:%n")
        .footer(
            "  0  loaded; check: a load would work",
            "  1  failed; check: a load would fail",
            "  2  usage",
            "  3  loaded, with rejects (unless --max-rejects allows them)",
            "  4  stopped by the reject limit",
            "  5  interrupted, resumable",
            "  6  verify: not all of the export is there",
            "  75  another process is at work on the same run");
  }

  /** The program as the command line knows it. */
  CommandSpec spec() {
    return spec;
  }

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
