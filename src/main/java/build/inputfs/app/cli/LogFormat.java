package build.inputfs.app.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/**
 * How an event becomes a line of the log. Whatever is in the event, it is one line; only commands
 * show people an error's stack trace in lines of its own.
 */
enum LogFormat {
  /** As commands speak to people: {@code inputfs: warn: message key=value}. */
  PLAIN {
    @Override
    String line(ILoggingEvent event) {
      StringBuilder line = new StringBuilder("inputfs: ");
      line.append(event.getLevel().toString().toLowerCase(Locale.ROOT)).append(": ");
      describe(event, line);
      IThrowableProxy failure = event.getThrowableProxy();
      if (failure != null) {
        line.append('\n').append(ThrowableProxyUtil.asString(failure));
      }
      return line.toString();
    }
  },

  /** With the time, for a file: {@code 2026-01-01T00:00:00.000Z WARN message key=value}. */
  TEXT {
    @Override
    String line(ILoggingEvent event) {
      StringBuilder line = new StringBuilder(160);
      line.append(event.getInstant()).append(' ').append(event.getLevel()).append(' ');
      describe(event, line);
      IThrowableProxy failure = event.getThrowableProxy();
      if (failure != null) {
        line.append(" error=");
        value(ThrowableProxyUtil.asString(failure), line);
      }
      return line.toString();
    }
  },

  /**
   * A JSON object: time, level, logger, thread and message, the event's own keys, and its error.
   */
  JSON {
    @Override
    String line(ILoggingEvent event) {
      StringWriter line = new StringWriter(256);
      try (JsonWriter json = new JsonWriter(line)) {
        json.setHtmlSafe(false);
        json.beginObject();
        json.name("time").value(event.getInstant().toString());
        json.name("level").value(event.getLevel().toString().toLowerCase(Locale.ROOT));
        json.name("logger").value(wellFormed(event.getLoggerName()));
        json.name("thread").value(wellFormed(event.getThreadName()));
        json.name("message").value(wellFormed(event.getFormattedMessage()));
        for (KeyValuePair pair : pairs(event)) {
          json.name(wellFormed(pair.key));
          switch (pair.value) {
            case Double number when !Double.isFinite(number) -> json.value(number.toString());
            case Number number -> json.value(number);
            case Boolean truth -> json.value(truth);
            case null -> json.nullValue();
            default -> json.value(wellFormed(pair.value.toString()));
          }
        }
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
          json.name("error").value(wellFormed(ThrowableProxyUtil.asString(failure)));
        }
        json.endObject();
      } catch (IOException e) {
        throw new UncheckedIOException(e); // a StringWriter throws none
      }
      return escapeDelete(line.toString());
    }
  };

  /** The event as one line, without its end. */
  abstract String line(ILoggingEvent event);

  /** Escapes the control characters that JSON need not, but terminals heed. */
  private static String escapeDelete(String json) {
    if (json.chars().noneMatch(Character::isISOControl)) {
      return json;
    }
    StringBuilder escaped = new StringBuilder(json.length() + 16);
    json.chars()
        .forEach(
            c ->
                escaped.append(
                    Character.isISOControl(c) ? "\\u%04x".formatted(c) : String.valueOf((char) c)));
    return escaped.toString();
  }

  private static List<KeyValuePair> pairs(ILoggingEvent event) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    return pairs == null ? List.of() : pairs;
  }

  private static void describe(ILoggingEvent event, StringBuilder line) {
    escape(wellFormed(event.getFormattedMessage()), line);
    for (KeyValuePair pair : pairs(event)) {
      line.append(' ').append(pair.key).append('=');
      value(String.valueOf(pair.value), line);
    }
  }

  /** A value, in quotes when it could not be told from what follows. */
  private static void value(String text, StringBuilder line) {
    String value = wellFormed(text);
    boolean plain = !value.isEmpty();
    for (int i = 0; plain && i < value.length(); i++) {
      char c = value.charAt(i);
      plain = c > ' ' && c != '"' && c != '=' && c != '\\' && !mustEscape(c);
    }
    if (plain) {
      line.append(value);
      return;
    }
    StringBuilder quoted = new StringBuilder(value.length() + 8);
    escape(value.replace("\\", "\\\\").replace("\"", "\\\""), quoted);
    line.append('"').append(quoted).append('"');
  }

  private static void escape(String safe, StringBuilder line) {
    for (int i = 0; i < safe.length(); i++) {
      char c = safe.charAt(i);
      switch (c) {
        case '\n' -> line.append("\\n");
        case '\t' -> line.append("\\t");
        case '\r' -> line.append("\\r");
        default -> {
          if (mustEscape(c)) {
            line.append("\\u%04x".formatted((int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
  }

  /** What would end the line, or move a terminal's cursor. */
  private static boolean mustEscape(char c) {
    return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
  }

  /** The text without halves of characters, which UTF-8 cannot write. */
  private static String wellFormed(String text) {
    StringBuilder fixed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      boolean whole =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (whole) {
        i++;
      } else {
        fixed = fixed == null ? new StringBuilder(text) : fixed;
        fixed.setCharAt(i, '\ufffd');
      }
    }
    return fixed == null ? text : fixed.toString();
  }
}
