package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

final class LoggingTest {
  @Test
  void bridge_bringsWhatIsLoggedThroughTheJdkToTheLog() {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("io.grpc.test");
    logger.setLevel(Level.WARN); // whatever commands that ran before in this process have chosen
    logger.addAppender(log);
    Logging.bridge();
    try {
      java.util.logging.Logger.getLogger("io.grpc.test").warning("something is wrong");
    } finally {
      SLF4JBridgeHandler.uninstall();
      logger.detachAppender(log);
      logger.setLevel(null);
    }
    assertThat(log.list)
        .singleElement()
        .satisfies(
            event -> assertThat(event.getFormattedMessage()).isEqualTo("something is wrong"));
  }
}
