package build.inputfs.app.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.nio.charset.StandardCharsets;

/**
 * Has log messages go to stderr, one line each, as {@link Logging} was told. Logback finds it as a
 * service and makes it when the first logger is made; nothing is read from files.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
  /** These say at INFO what is of use only to who looks for a fault in them. */
  private static final String[] TALKATIVE = {"io.netty", "io.grpc", "io.micrometer"};

  /** For logback. */
  public LogConfiguration() {}

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Stderr appender = new Stderr(LogFormat.valueOf(Logging.format()));
    appender.setContext(context);
    appender.start();
    Level level = Level.toLevel(Logging.level(), Level.WARN);
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(level);
    if (!level.isGreaterOrEqual(Level.WARN)) {
      for (String name : TALKATIVE) {
        context.getLogger(name).setLevel(Level.WARN);
      }
    }
    // It warns of an option that sockets of the local kind do not have, for each connection.
    context.getLogger("io.netty.bootstrap").setLevel(Level.ERROR);
    root.addAppender(appender);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static final class Stderr extends AppenderBase<ILoggingEvent> {
    private final LogFormat format;

    Stderr(LogFormat format) {
      this.format = format;
    }

    @Override
    protected void append(ILoggingEvent event) {
      byte[] line = (format.line(event) + "\n").getBytes(StandardCharsets.UTF_8);
      synchronized (System.err) {
        System.err.write(line, 0, line.length);
        System.err.flush();
      }
    }
  }
}
