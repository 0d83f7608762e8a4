package org.pgbackfill.cli;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command line that goes on with a run: the one that began it, with the run's name. */
final class ResumeCommand {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  /** The end of a password in a URI is its last at sign before the path. */
  private static final Pattern URI_PASSWORD =
      Pattern.compile("(postgres(?:ql)?://[^:/@?]*):[^/?]*@");

  /** A database may stand behind its option in the same word. */
  private static final Pattern URL =
      Pattern.compile("(?s)(-d|--dbname=)?((?:postgres(?:ql)?://|jdbc:postgresql:).*)");

  /** In pairs of key=value a backslash takes the next character as it is, a blank as well. */
  private static final Pattern KEYWORD_PASSWORD =
      Pattern.compile(
          "(?is)(^(?:-[a-z]*d=?|--dbname=)?|\\s)(ssl)?password\\s*=\\s*"
              + "('(?:[^'\\\\]|\\\\.)*'|(?:[^\\s\\\\]|\\\\.)*)");

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
    String before = "";
    for (String arg : args) {
      if (skipNext) {
        skipNext = false;
      } else if (before.equals("--map")) {
        words.add(quoted(arg)); // a column may be called password
      } else if (!optionsOver && arg.equals("--run")) {
        skipNext = true;
      } else if (optionsOver
          || !(arg.equals("--resume") || arg.equals("--again") || arg.startsWith("--run="))) {
        words.add(quoted(withoutPassword(arg)));
      }
      optionsOver |= arg.equals("--");
      before = optionsOver ? "" : arg;
    }
    words.addAll(2, List.of("--run", quoted(run), "--resume"));
    return String.join(" ", words);
  }

  static String withoutPassword(String word) {
    Matcher url = URL.matcher(word);
    if (url.matches()) {
      return Objects.requireNonNullElse(url.group(1), "")
          + withoutParameter(URI_PASSWORD.matcher(url.group(2)).replaceAll("$1@"));
    }
    return KEYWORD_PASSWORD.matcher(word).replaceAll("$1").strip();
  }

  private static String withoutParameter(String url) {
    int query = url.indexOf('?');
    if (query < 0) {
      return url;
    }
    String others =
        Stream.of(url.substring(query + 1).split("&", -1))
            .filter(pair -> !isPassword(pair.replaceFirst("(?s)=.*", "")))
            .collect(Collectors.joining("&"));
    return url.substring(0, query) + (others.isEmpty() ? "" : "?" + others);
  }

  private static boolean isPassword(String parameter) {
    return URLDecoder.decode(parameter, StandardCharsets.UTF_8)
        .toLowerCase(Locale.ROOT)
        .endsWith("password");
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
