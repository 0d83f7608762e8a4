package org.pgbackfill.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The command line that goes on with a run: the one that began it, with the run's name. */
final class ResumeCommand {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  /** The end of a password in a URI is its last at sign before the path. */
  private static final Pattern URI_PASSWORD =
      Pattern.compile("(postgres(?:ql)?://[^:/@?]*):[^/?]*@");

  private static final Pattern PARAMETER_PASSWORD =
      Pattern.compile("(?i)([?&;])(ssl)?password=[^&;]*&?");
  private static final Pattern KEYWORD_PASSWORD =
      Pattern.compile("(?i)(^|\\s)(ssl)?password\\s*=\\s*('(?:[^'\\\\]|\\\\.)*'|\\S*)");

  private ResumeCommand() {}

  /**
   * Puts it together.
   *
   * @param args the words that began the run
   * @param run the run's name
   * @return a line for the shell; without a password, should one have been typed
   */
  static String of(List<String> args, String run) {
    List<String> words = new ArrayList<>();
    words.add("pgbackfill");
    boolean skipNext = false;
    boolean optionsOver = false;
    for (String arg : args) {
      if (skipNext) {
        skipNext = false;
      } else if (!optionsOver && arg.equals("--run")) {
        skipNext = true;
      } else if (optionsOver
          || !(arg.equals("--resume") || arg.equals("--again") || arg.startsWith("--run="))) {
        words.add(quoted(withoutPassword(arg)));
      }
      optionsOver |= arg.equals("--");
    }
    words.addAll(2, List.of("--run", quoted(run), "--resume"));
    return String.join(" ", words);
  }

  static String withoutPassword(String word) {
    String uri = URI_PASSWORD.matcher(word).replaceAll("$1@");
    String parameters = PARAMETER_PASSWORD.matcher(uri).replaceAll("$1");
    return KEYWORD_PASSWORD.matcher(parameters).replaceAll("$1").strip();
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
