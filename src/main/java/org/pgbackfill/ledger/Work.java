package org.pgbackfill.ledger;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.pgbackfill.source.FileContent;

/**
 * What a run has to do: its command, target, mapping and the content of its files. Two runs of the
 * same work would load the same records into the same table.
 *
 * @param command contacts or jobs
 * @param target the table's full name
 * @param mapping what else decides how a record becomes a row, as text; empty for nothing
 * @param inputs the files in order
 */
public record Work(String command, String target, String mapping, List<FileContent> inputs) {
  /** Copies the list. */
  public Work {
    inputs = List.copyOf(inputs);
  }

  /**
   * Whether all content is known before the run.
   *
   * @return false when something comes from standard input or a pipe
   */
  public boolean isKnown() {
    return inputs.stream().allMatch(FileContent::isKnown);
  }

  /**
   * One value for all of it; the files' names do not count.
   *
   * @return 64 hex digits
   */
  public String hash() {
    StringBuilder text = new StringBuilder(command + '\n' + target + '\n' + mapping + '\n');
    inputs.forEach(
        input -> text.append(input.size()).append(' ').append(input.checksum()).append('\n'));
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(text.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
