package org.pgbackfill.target;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.pgbackfill.source.SourceFile;

/** Which field of which file holds which column. */
final class Mapping {
  /**
   * What a reject file adds to the original columns; loading one again must not complain of them.
   */
  private static final Set<String> REJECT_COLUMNS =
      Set.of("reject_file", "reject_line", "reject_reason");

  private static final int ABSENT = -1;

  private final List<String> known;
  private final List<SourceFile> files;
  private final int[][] positions;
  private final Set<String> present = new LinkedHashSet<>();
  private final Set<String> ignored = new LinkedHashSet<>();

  /**
   * Reads the headers.
   *
   * @param known the columns that the target can take
   * @param renamed column to header name, both as typed; other names match without regard to case
   */
  Mapping(List<String> known, Map<String, String> renamed, List<SourceFile> files) {
    this.known = List.copyOf(known);
    this.files = List.copyOf(files);
    this.positions = new int[files.size()][known.size()];
    for (String column : renamed.keySet()) {
      if (!known.contains(column)) {
        throw new HeaderException(
            "--map "
                + column
                + "="
                + renamed.get(column)
                + ": there is no column \""
                + column
                + "\" to load; expected one of "
                + String.join(", ", known));
      }
    }
    for (SourceFile file : files) {
      read(file, renamed);
    }
  }

  private void read(SourceFile file, Map<String, String> renamed) {
    int[] position = positions[file.index()];
    Arrays.fill(position, ABSENT);
    List<String> header = new ArrayList<>();
    for (String name : file.header()) {
      header.add(normal(name));
    }
    Set<Integer> taken = new LinkedHashSet<>();
    for (int c = 0; c < known.size(); c++) {
      String column = known.get(c);
      String wanted = renamed.get(column);
      int at = header.indexOf(normal(wanted == null ? column : wanted));
      if (at < 0 && wanted != null) {
        throw new HeaderException(
            file.name()
                + " line 1: no header \""
                + wanted
                + "\", which --map gives to "
                + column
                + "; found "
                + String.join(", ", file.header()));
      }
      // A header that is mapped to one column is not taken for its namesake as well.
      if (at >= 0
          && (wanted != null
              || renamed.values().stream().noneMatch(v -> normal(v).equals(normal(column))))) {
        position[c] = at;
        present.add(column);
        taken.add(at);
      }
    }
    for (int i = 0; i < header.size(); i++) {
      if (!taken.contains(i) && !REJECT_COLUMNS.contains(header.get(i))) {
        ignored.add(file.header().get(i).strip());
      }
    }
  }

  private static String normal(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }

  /** Refuses a file that lacks the column. */
  void require(String column, List<SourceFile> files, String hint) {
    for (SourceFile file : files) {
      if (positions[file.index()][known.indexOf(column)] == ABSENT) {
        throw new HeaderException(
            file.name()
                + " line 1: no column "
                + column
                + "; found "
                + String.join(", ", file.header())
                + "; name it with --map "
                + column
                + "=HEADER"
                + hint);
      }
    }
  }

  /** Whether any file has the column. */
  boolean has(String column) {
    return present.contains(column);
  }

  /**
   * Where the file has the column with this index among the known ones; negative when it does not.
   */
  int position(SourceFile file, int column) {
    return positions[file.index()][column];
  }

  /** The first file's name for a column that it has. */
  String header(String column) {
    SourceFile first = files.get(0);
    return first.header().get(position(first, known.indexOf(column)));
  }

  List<String> ignored() {
    return List.copyOf(ignored);
  }
}
