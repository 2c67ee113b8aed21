package build.inputfs.cas.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ServiceManagerTest {
  /** A service manager that prints what it is told. */
  private static final String LISTENER =
      """
      import socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind(sys.argv[1].replace("@", chr(0), 1))
      print("bound", flush=True)
      print(s.recv(4096).decode(), flush=True)
      """;

  private final Posix posix = Posix.load();

  @TempDir Path folder;

  @Test
  void tell_reachesASocketInTheFilesystem() throws Exception {
    assertThat(told(folder.resolve("notify").toString())).isEqualTo("READY=1");
  }

  @Test
  void tell_reachesASocketInTheAbstractNamespace() throws Exception {
    assertThat(told("@inputfs-test-" + ProcessHandle.current().pid())).isEqualTo("READY=1");
  }

  @Test
  void tell_whenThereIsNoServiceManager_doesNothing() throws IOException {
    new ServiceManager(posix, "").tell(ServiceManager.READY);
  }

  @Test
  void tell_whenNobodyListens_fails() {
    ServiceManager manager = new ServiceManager(posix, folder.resolve("none").toString());
    assertThatThrownBy(() -> manager.tell(ServiceManager.READY))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ENOENT");
  }

  private String told(String address) throws Exception {
    boolean python = Files.isExecutable(Path.of("/usr/bin/python3"));
    if (!python) {
      System.out.println("SKIPPED: python3, which listens, is not installed");
    }
    Assumptions.assumeTrue(python, "python3 is not installed");
    Process listener =
        new ProcessBuilder("/usr/bin/python3", "-c", LISTENER, address)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = listener.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("bound");
      new ServiceManager(posix, address).tell(ServiceManager.READY);
      return said.readLine();
    } finally {
      // Other tests of this JVM count their children.
      listener.destroyForcibly().waitFor();
    }
  }
}
