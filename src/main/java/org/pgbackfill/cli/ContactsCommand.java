package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code pgbackfill contacts}. */
final class ContactsCommand extends LoadCommand {
  private final ContactsOptions contacts = new ContactsOptions();

  private final OptionSpec onExisting =
      OptionSpec.builder("--on-existing")
          .paramLabel("MODE")
          .type(OnExisting.class)
          .defaultValue("keep")
          .order(20)
          .description(
              "What becomes of contacts that are there: keep (neither changed nor locked), fill"
                  + " (columns that are NULL take the record's values) or overwrite (columns become"
                  + " what the export says). Default: ${DEFAULT-VALUE}.")
          .build();

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
    spec.addOption(onExisting);
    insert.addTo(spec);
  }

  @Override
  boolean createsTable() {
    return insert.createsTable();
  }

  @Override
  boolean changesRows() {
    return onExisting.getValue() != OnExisting.KEEP;
  }

  @Override
  String command() {
    return "contacts";
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return contacts.target(map, onExisting.getValue());
  }

  @Override
  String mapping() {
    OnExisting mode = onExisting.getValue();
    return contacts.mapping() + (mode == OnExisting.KEEP ? "" : " on existing " + mode.word());
  }
}
