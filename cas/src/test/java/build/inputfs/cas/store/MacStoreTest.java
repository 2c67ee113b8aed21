package build.inputfs.cas.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.MacOnLinux;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store that calls what macOS has, over real files. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class MacStoreTest {
  @TempDir Path folder = Path.of("");

  @Test
  void store_putsFindsAndLeasesBlobs() throws IOException {
    MacOnLinux mac = MacOnLinux.create();
    Posix posix = mac.posix();
    byte[] script = "#!/bin/sh\nexit 7\n".getBytes(UTF_8);
    Digest digest;
    try (LocalStore store = TestStores.open(folder, posix)) {
      digest = store.put(script);
      assertThat(store.put(script)).isEqualTo(digest);
      Path source = Files.write(folder.resolve("large"), new byte[3 << 20]);
      Digest large = store.put(source, PutMode.COPY, null);
      assertThat(Files.size(store.locate(large, false))).isEqualTo(3 << 20);
      Path executable = store.locate(digest, true);
      assertThat(executable).hasBinaryContent(script);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(executable)))
          .isEqualTo("r-xr-xr-x");
      assertThat(store.read(digest, 100)).isEqualTo(script);
      try (Lease lease = store.lease(large)) {
        assertThat(lease).isNotNull();
      }
    }
    try (LocalStore again = TestStores.open(folder, posix)) {
      assertThat(again.read(digest, 100)).isEqualTo(script);
    }
    assertThat(mac.called()).contains("clonefile", "F_BARRIERFSYNC", "fstatat", "renameatx_np");
  }
}
