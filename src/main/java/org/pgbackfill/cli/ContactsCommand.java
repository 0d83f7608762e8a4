package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pgbackfill contacts}. */
@Command(
    name = "contacts",
    header = "Load contacts.",
    sortOptions = false,
    description =
        "Loads contacts: new ones are inserted, existing ones are neither changed nor locked unless"
            + " --on-existing says so.%n%nColumns: link_id, email_address, name; and if an export"
            + " has them id, original_photo_url, sfs_photo_url, created_at, updated_at.%n")
final class ContactsCommand extends LoadCommand {
  @Mixin private ContactsOptions contacts;

  @Option(
      names = "--on-existing",
      paramLabel = "MODE",
      defaultValue = "keep",
      order = 20,
      description =
          "What becomes of contacts that are there: keep (neither changed nor locked), fill"
              + " (columns that are NULL take the record's values) or overwrite (columns become"
              + " what the export says). Default: ${DEFAULT-VALUE}.")
  private OnExisting onExisting;

  @Mixin private InsertOptions insert;

  ContactsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  boolean createsTable() {
    return insert.createsTable();
  }

  @Override
  boolean changesRows() {
    return onExisting != OnExisting.KEEP;
  }

  @Override
  String command() {
    return "contacts";
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return contacts.target(map, onExisting);
  }

  @Override
  String mapping() {
    return contacts.mapping()
        + (onExisting == OnExisting.KEEP ? "" : " on existing " + onExisting.word());
  }
}
