package build.inputfs.app.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Locale;

/**
 * Where log messages go: to stderr, one line each, like all else that is not a result. Logback
 * finds it as a service and makes it when the first logger is made; nothing is read from files.
 */
public final class Logging extends ContextAwareBase implements Configurator {
  /** The system property that names the level. */
  private static final String LEVEL = "inputfs.log";

  /** For logback. */
  public Logging() {}

  /**
   * Says what is to be logged, before the first logger is made. What fails a command is told at its
   * end, so only one that stays needs warnings as they come.
   */
  static void choose(boolean verbose, boolean stays) {
    System.setProperty(LEVEL, verbose ? "DEBUG" : stays ? "WARN" : "ERROR");
  }

  /** Tells of something that only --verbose shows. */
  static void detail(String message) {
    if ("DEBUG".equals(System.getProperty(LEVEL))) {
      System.err.println("inputfs: " + message);
    }
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Stderr appender = new Stderr();
    appender.setContext(context);
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.toLevel(System.getProperty(LEVEL), Level.WARN));
    root.addAppender(appender);
    // gRPC asks for TCP's keepalive on every socket, and Netty says for each that Unix sockets have
    // none.
    context.getLogger("io.netty.bootstrap").setLevel(Level.ERROR);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static final class Stderr extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      StringBuilder line = new StringBuilder("inputfs: ");
      line.append(event.getLevel().toString().toLowerCase(Locale.ROOT)).append(": ");
      line.append(event.getFormattedMessage());
      IThrowableProxy failure = event.getThrowableProxy();
      if (failure != null) {
        line.append('\n').append(ThrowableProxyUtil.asString(failure));
      }
      System.err.println(line);
    }
  }
}
