package build.inputfs.it.conformance;

import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Locks of all three kinds, within a view and between processes. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class LocksTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void recordLocks_betweenProcesses_exclude() {
    place()
        .expect(
            """
            put file 0644 0123456789
            open 0 file O_RDWR
            lock 0 WRLCK 0 5
            otherlock file WRLCK 0 5 => EAGAIN
            otherlock file RDLCK 4 1 => EAGAIN
            otherlock file WRLCK 5 5
            lock 0 UNLCK 0 2
            otherlock file WRLCK 0 2
            lock 0 RDLCK 0 0
            otherlock file RDLCK 0 0
            otherlock file WRLCK 9 1 => EAGAIN
            open 1 file O_RDONLY
            close 1
            otherlock file WRLCK 0 0
            """);
  }

  @Test
  void openFileLocks_betweenDescriptors_exclude() {
    place()
        .expect(
            """
            put file 0644 0123456789
            open 0 file O_RDWR
            open 1 file O_RDWR
            ofdlock 0 WRLCK 0 5
            ofdlock 1 WRLCK 0 5 => EAGAIN
            ofdlock 1 WRLCK 5 5
            close 0
            ofdlock 1 WRLCK 0 10
            """);
  }

  @Test
  void flock_onNewFilesInputsAndDirectories_excludes() {
    place()
        .expect(
            """
            put file 0644 text
            open 0 file O_RDWR
            flock 0 EX|NB
            otherflock file EX|NB      => EAGAIN
            otherflock file SH|NB      => EAGAIN
            flock 0 SH|NB
            otherflock file SH|NB
            flock 0 UN
            otherflock file EX|NB
            open 1 input.txt O_RDONLY
            flock 1 EX|NB
            otherflock input.txt EX|NB => EAGAIN
            otherflock twin-1 EX|NB
            close 1
            otherflock input.txt EX|NB
            open 2 dir O_RDONLY|O_DIRECTORY
            flock 2 EX|NB
            otherflock dir EX|NB       => EAGAIN
            """);
  }
}
