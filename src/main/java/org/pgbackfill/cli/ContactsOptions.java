package org.pgbackfill.cli;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.pgbackfill.source.SourceFile;
import org.pgbackfill.target.ContactsTarget;
import org.pgbackfill.target.OnExisting;
import org.pgbackfill.target.Target;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Which table contacts are in, and whose they are. */
final class ContactsOptions {
  private final TableOption table = new TableOption();

  private final OptionSpec linkId =
      OptionSpec.builder("--link-id")
          .paramLabel("UUID")
          .type(UUID.class)
          .converters(new Uuid())
          .order(19)
          .description(
              "The link of every contact, for files without such a column. Default: the column.")
          .build();

  /** Adds the options to a command's. */
  void addTo(CommandSpec spec) {
    table.addTo(spec);
    spec.addOption(linkId);
  }

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

  Function<List<SourceFile>, Target> target(Map<String, String> map, OnExisting onExisting) {
    return sources ->
        new ContactsTarget(table.table(), sources, map, linkId.getValue(), onExisting);
  }

  /** What decides besides the headers how a record becomes a row; empty for nothing. */
  String mapping() {
    UUID link = linkId.getValue();
    return link == null ? "" : " link_id " + link;
  }
}
