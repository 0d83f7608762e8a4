package org.pgbackfill.target;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.regex.Pattern;
import org.pgbackfill.source.Utf8;

/**
 * JSON that jsonb takes: well-formed (RFC 8259), without the character U+0000 and without half a
 * surrogate pair.
 */
final class Json {
  /** What a value must be. */
  enum Shape {
    /** A JSON object. */
    OBJECT,
    /** A JSON array. */
    ARRAY,
    /** An array of the queue's limits: {@code {"t": "memory"|"time", "v": integer}}. */
    LIMITS
  }

  /** Depth, number and string lengths are left to PostgreSQL, which knows its own limits. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /** What the parser adds for programmers: its switches, and places in a source that it hides. */
  private static final Pattern FOR_PROGRAMMERS =
      Pattern.compile(
          "(: enable `| \\(not recognized as | \\((start marker|for \\w+ starting) at ).*");

  private static final Set<String> LIMIT_TYPES = Set.of("memory", "time");

  private Json() {}

  /** Whether it is the shape's usual value, with nothing in it. */
  static boolean isEmpty(byte[] value, int from, int to, Shape shape) {
    return to - from == 2
        && value[from] == (shape == Shape.OBJECT ? '{' : '[')
        && value[from + 1] == (shape == Shape.OBJECT ? '}' : ']');
  }

  static String check(String column, String value, Shape shape) throws Checks.Refused {
    if (value.equals(shape == Shape.OBJECT ? "{}" : "[]")) {
      return value;
    }
    try (JsonParser parser = FACTORY.createParser(value)) {
      JsonToken expected = shape == Shape.OBJECT ? JsonToken.START_OBJECT : JsonToken.START_ARRAY;
      if (parser.nextToken() != expected) {
        throw new Checks.Refused(
            column
                + " "
                + Checks.shown(value)
                + " is not a JSON "
                + (shape == Shape.OBJECT ? "object" : "array"));
      }
      boolean escapes = value.contains("\\u");
      if (shape == Shape.LIMITS) {
        checkLimits(column, value, parser);
      }
      int depth = shape == Shape.LIMITS ? 0 : 1;
      while (depth > 0) {
        JsonToken token = parser.nextToken();
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        if (escapes && (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING)) {
          checkText(column, parser.getText());
        }
      }
      if (parser.nextToken() != null) {
        throw new Checks.Refused(column + " " + Checks.shown(value) + " goes on behind its end");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new Checks.Refused(
          column
              + " "
              + Checks.shown(value)
              + " is not JSON: "
              + FOR_PROGRAMMERS.matcher(e.getOriginalMessage()).replaceFirst(""));
    } catch (IOException e) {
      throw new UncheckedIOException("reading a string", e);
    }
  }

  private static void checkText(String column, String text) throws Checks.Refused {
    if (text.indexOf('\0') >= 0) {
      throw new Checks.Refused(column + " has \\u0000, which jsonb can't store");
    }
    if (Utf8.isMalformed(text)) {
      throw new Checks.Refused(
          column + " has half of a surrogate pair (\\ud800 to \\udfff), which jsonb can't store");
    }
  }

  /** Reads the array's rest and refuses what the queue's workers could not read. */
  private static void checkLimits(String column, String value, JsonParser parser)
      throws IOException, Checks.Refused {
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String type = null;
      boolean integer = false;
      boolean other = parser.currentToken() != JsonToken.START_OBJECT;
      while (!other && parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        if (name.equals("t") && token == JsonToken.VALUE_STRING) {
          type = parser.getText();
        } else if (name.equals("v") && token == JsonToken.VALUE_NUMBER_INT) {
          integer = true;
        } else {
          other = true;
        }
      }
      if (other || !integer || type == null || !LIMIT_TYPES.contains(type)) {
        throw new Checks.Refused(
            column
                + " "
                + Checks.shown(value)
                + " is not a list of limits; expected such as [{\"t\": \"memory\", \"v\": 1024}],"
                + " with t memory or time");
      }
    }
  }
}
