package build.inputfs.cas.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An XFS disk in a sparse file, mounted for one test: a disk that has reflinks. */
final class XfsDisk implements AutoCloseable {
  private static final long BYTES = 320L << 20;

  private final Path root;

  private XfsDisk(Path root) {
    this.root = root;
  }

  /** Skips the test where there is no root or no mkfs.xfs. */
  static XfsDisk mount(Path folder) throws IOException {
    boolean possible =
        "root".equals(System.getProperty("user.name")) && Files.exists(Path.of("/sbin/mkfs.xfs"));
    if (!possible) {
      System.out.println("Skipped: reflinks are tested as root with xfsprogs installed");
    }
    assumeTrue(possible, "root and xfsprogs");
    Path image = folder.resolve("xfs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    Path root = Files.createDirectory(folder.resolve("xfs"));
    run(List.of("mkfs.xfs", "-q", "-m", "reflink=1", image.toString()));
    run(List.of("mount", "-o", "loop", image.toString(), root.toString()));
    return new XfsDisk(root);
  }

  Path root() {
    return root;
  }

  @Override
  public void close() throws IOException {
    run(List.of("umount", root.toString()));
  }

  private static void run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(command + ": " + output);
      }
    } catch (InterruptedException e) {
      process.destroy();
      throw new IOException(e);
    }
  }
}
