package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;

/** {@code pgbackfill contacts}. */
final class ContactsCommand extends LoadCommand {
  private final ContactsOptions contacts = new ContactsOptions();

  private final OnExistingOption onExisting =
      new OnExistingOption(
          "What becomes of contacts that are there: keep (neither changed nor locked), fill"
              + " (columns that are NULL take the record's values) or overwrite (columns become"
              + " what the export says).");

  private final InsertOptions insert = new InsertOptions();

  ContactsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  String description() {
    return "Loads contacts: new ones are inserted, existing ones are neither changed nor locked"
        + " unless --on-existing says so.%n%nColumns: link_id, email_address, name; and if"
        + " an export has them id, original_photo_url, sfs_photo_url, created_at,"
        + " updated_at.%n";
  }

  @Override
  void addTo(CommandSpec spec) {
    contacts.addTo(spec);
    onExisting.addTo(spec);
    insert.addTo(spec);
  }

  @Override
  boolean createsTable() {
    return insert.createsTable();
  }

  @Override
  boolean changesRows() {
    return onExisting.mode() != OnExisting.KEEP;
  }

  @Override
  String command() {
    return "contacts";
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return contacts.target(map, onExisting.mode());
  }

  @Override
  String mapping() {
    OnExisting mode = onExisting.mode();
    return contacts.mapping() + (mode == OnExisting.KEEP ? "" : " on existing " + mode.word());
  }
}
