package build.inputfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A store in the layout of Bazel's disk cache, written by the tests themselves. */
public record TestStore(Path folder) {

  public BlobName put(byte[] content) {
    BlobName name = BlobName.of(content);
    Path file = file(name);
    try {
      if (!Files.exists(file)) {
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
      }
      return name;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public BlobName put(WireMessage message) {
    return put(message.toBytes());
  }

  /** Where the blob is, if it is there. */
  public Path file(BlobName name) {
    return folder.resolve("cas").resolve(name.hash().substring(0, 2)).resolve(name.hash());
  }

  public void delete(BlobName name) {
    try {
      Files.delete(file(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts other bytes where a blob is, as a broken disk or a stray writer would. */
  public void damage(BlobName name, byte[] content) {
    delete(name);
    try {
      Files.write(file(name), content);
      Files.setPosixFilePermissions(file(name), PosixFilePermissions.fromString("r--r--r--"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
