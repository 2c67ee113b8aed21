package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class LogFormatTest {
  private static final String NASTY =
      "a \"b\" \\ = \n\r\t\0\u001b[2J\u007f\u0085\u2028\ud800 \udc00x \ud83d\ude00 ü";

  @Test
  void json_isOneObjectALineWithTheKeysAndValues() throws IOException {
    ILoggingEvent event =
        event(
            logger ->
                logger
                    .atWarn()
                    .addKeyValue("view", "v-1")
                    .addKeyValue("ms", 1.25)
                    .addKeyValue("count", 7L)
                    .addKeyValue("refused", true)
                    .addKeyValue("nothing", (Object) null)
                    .addKeyValue("ratio", Double.NaN)
                    .log("view {}", "created"));

    JsonObject json = parse(LogFormat.JSON.line(event));

    assertThat(json.get("message").getAsString()).isEqualTo("view created");
    assertThat(json.get("level").getAsString()).isEqualTo("warn");
    assertThat(json.get("time").getAsString()).matches("[-0-9]{10}T[:.0-9]+Z");
    assertThat(json.get("view").getAsString()).isEqualTo("v-1");
    assertThat(json.get("ms").getAsDouble()).isEqualTo(1.25);
    assertThat(json.get("count").getAsLong()).isEqualTo(7);
    assertThat(json.get("refused").getAsBoolean()).isTrue();
    assertThat(json.get("nothing").isJsonNull()).isTrue();
    assertThat(json.get("ratio").getAsString()).isEqualTo("NaN");
  }

  @Test
  void json_whateverTheCharacters_isValid() throws IOException {
    ILoggingEvent event =
        event(
            logger ->
                logger
                    .atError()
                    .setCause(new IOException(NASTY))
                    .addKeyValue("path", NASTY)
                    .log(NASTY));

    JsonObject json = parse(LogFormat.JSON.line(event));

    String repaired = NASTY.replace('\ud800', '\ufffd').replace(" \udc00x", " \ufffdx");
    assertThat(json.get("message").getAsString()).isEqualTo(repaired);
    assertThat(json.get("path").getAsString()).isEqualTo(repaired);
    assertThat(json.get("error").getAsString()).contains(repaired).contains("IOException");
  }

  @Test
  void allFormats_whateverTheCharacters_areOneLineOfUtf8() throws IOException {
    SplittableRandom random = new SplittableRandom(20260101);
    for (int round = 0; round < 500; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(20); i >= 0; i--) {
        text.append((char) random.nextInt(random.nextBoolean() ? 0xa0 : 0x10000));
      }
      ILoggingEvent event =
          event(logger -> logger.atInfo().addKeyValue("path", text).log("{}", text));
      parse(LogFormat.JSON.line(event));
      for (LogFormat format : LogFormat.values()) {
        checkLine(format.line(event));
      }
    }
  }

  @Test
  void text_quotesWhatCouldBeMistaken() throws IOException {
    ILoggingEvent event =
        event(
            logger ->
                logger
                    .atInfo()
                    .addKeyValue("plain", "/a/b-c:1")
                    .addKeyValue("empty", "")
                    .addKeyValue("two", "a b=c \"d\" \\ \n")
                    .log("view created"));

    assertThat(LogFormat.TEXT.line(event))
        .matches("[-0-9]{10}T[:.0-9]+Z INFO view created .*")
        .endsWith(" plain=/a/b-c:1 empty=\"\" two=\"a b=c \\\"d\\\" \\\\ \\n\"");
    assertThat(LogFormat.PLAIN.line(event))
        .startsWith("inputfs: info: view created plain=/a/b-c:1");
  }

  @Test
  void text_ofAnError_isOneLine() throws IOException {
    ILoggingEvent event =
        event(logger -> logger.atError().setCause(new IOException("the disk")).log("it failed"));

    String line = LogFormat.TEXT.line(event);

    checkLine(line);
    assertThat(line).contains("it failed error=\"java.io.IOException: the disk\\n\\tat ");
    assertThat(LogFormat.PLAIN.line(event))
        .startsWith("inputfs: error: it failed\njava.io.IOException: the disk");
  }

  private static void checkLine(String line) throws CharacterCodingException {
    assertThat(line.codePoints().filter(Character::isISOControl).toArray()).isEmpty();
    ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(java.nio.CharBuffer.wrap(line));
    assertThat(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString()).isEqualTo(line);
  }

  private static JsonObject parse(String line) throws CharacterCodingException {
    assertThat(line.chars().filter(c -> c < ' ').toArray()).isEmpty();
    var _ = StandardCharsets.UTF_8.newEncoder().encode(java.nio.CharBuffer.wrap(line));
    return JsonParser.parseString(line).getAsJsonObject();
  }

  private interface Logged {
    void log(Logger logger);
  }

  private static ILoggingEvent event(Logged logged) {
    LoggerContext context = new LoggerContext();
    ListAppender<ILoggingEvent> events = new ListAppender<>();
    events.setContext(context);
    events.start();
    Logger logger = context.getLogger("test");
    logger.addAppender(events);
    logged.log(logger);
    context.stop();
    return events.list.getFirst();
  }
}
