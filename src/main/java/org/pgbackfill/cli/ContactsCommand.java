package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code pgbackfill contacts}. */
@Command(
    name = "contacts",
    header = "Load contacts.",
    sortOptions = false,
    description =
        "Loads contacts: new ones are inserted, existing ones are neither changed nor"
            + " locked.%n%nColumns: link_id, email_address, name; and if an export has them id,"
            + " original_photo_url, sfs_photo_url, created_at, updated_at.%n")
final class ContactsCommand extends LoadCommand {
  @Mixin private ContactsOptions contacts;

  ContactsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  String command() {
    return "contacts";
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return contacts.target(map);
  }

  @Override
  String mapping() {
    return contacts.mapping();
  }
}
