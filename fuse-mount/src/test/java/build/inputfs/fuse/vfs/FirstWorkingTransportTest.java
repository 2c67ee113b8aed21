package build.inputfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which transport is chosen, and what is said of it. */
final class FirstWorkingTransportTest {
  @TempDir Path folder;
  private final List<String> said = new ArrayList<>();

  /** A mount that nobody serves. */
  private record Nothing(String mechanism) implements Mounted {
    @Override
    public Map<String, Long> requests() {
      return Map.of();
    }

    @Override
    public void forgetName(long parent, byte[] name) {}

    @Override
    public void awaitUnmounted() {}

    @Override
    public void close() {}
  }

  private static Transport working(String mechanism) {
    return (fs, path, readOnly) -> new Nothing(mechanism);
  }

  private static Transport failing(String reason) {
    return (fs, path, readOnly) -> {
      throw new IOException(reason);
    };
  }

  private Mounted mount(Transport first, Transport second) throws IOException {
    SequencedMap<String, Transport> transports = new LinkedHashMap<>();
    transports.put("kernel", first);
    transports.put("jnr", second);
    try (MemoryFileSystem fs = new MemoryFileSystem(build.inputfs.cas.posix.Posix.load(), folder)) {
      return new FirstWorkingTransport(transports, said::add).mount(fs, folder, false);
    }
  }

  @Test
  void mount_whenTheFirstWorks_takesIt() throws IOException {
    assertThat(mount(working("first"), failing("never asked")).mechanism()).isEqualTo("first");
    assertThat(said).containsExactly("transport kernel: the first choice, and it works");
  }

  @Test
  void mount_whenTheFirstFails_takesTheNextAndSaysWhy() throws IOException {
    assertThat(mount(failing("no device"), working("second")).mechanism()).isEqualTo("second");
    assertThat(said).containsExactly("transport jnr: chosen, for kernel does not work: no device");
  }

  @Test
  void mount_whenAllFail_saysWhatEachSays() {
    assertThatThrownBy(() -> mount(failing("no device"), failing("install libfuse2")))
        .hasMessage("kernel does not work: no device; jnr does not work: install libfuse2");
    assertThatThrownBy(() -> mount(failing("not empty"), failing("not empty")))
        .hasMessage("not empty");
    assertThat(said).isEmpty();
  }
}
