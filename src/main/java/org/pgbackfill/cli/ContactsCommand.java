package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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
  @Mixin private TableOption table;

  @Option(
      names = "--link-id",
      paramLabel = "UUID",
      converter = Uuid.class,
      order = 19,
      description =
          "The link of every contact, for files without such a column. Default: the column.")
  private UUID linkId;

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

  @Mixin private CreateTableOption createTable;

  /** Java's own reading takes 1-2-3-4-5 for a uuid, and fills it up with zeros. */
  static final class Uuid implements ITypeConverter<UUID> {
    @Override
    public UUID convert(String text) {
      UUID uuid;
      try {
        uuid = UUID.fromString(text);
      } catch (IllegalArgumentException e) {
        uuid = null;
      }
      if (uuid == null || !uuid.toString().equalsIgnoreCase(text)) {
        throw new TypeConversionException("\"" + text + "\" is not a uuid");
      }
      return uuid;
    }
  }

  ContactsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  boolean createsTable() {
    return createTable.isMade();
  }

  @Override
  String command() {
    return "contacts";
  }

  @Override
  Function<List<SourceFile>, Target> target(Map<String, String> map) {
    return sources -> new ContactsTarget(table.table(), sources, map, linkId, onExisting);
  }

  @Override
  String mapping() {
    String link = linkId == null ? "" : " link_id " + linkId;
    return link + (onExisting == OnExisting.KEEP ? "" : " on existing " + onExisting.word());
  }
}
