package build.inputfs.cas.remote.testserver;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.stream.Stream;

/** The server's blobs, in files. Thread-safe. */
final class Blobs implements AutoCloseable {
  private final Path folder;

  Blobs() throws IOException {
    folder = Files.createTempDirectory("inputfs-reapi-");
  }

  Path newFile() throws IOException {
    return Files.createTempFile(folder, "new-", "");
  }

  boolean has(Digest digest) throws IOException {
    return digest.isEmpty() || Files.exists(path(digest));
  }

  /** Keeps the file, which is moved away, if it is what the digest says. */
  boolean take(Path file, Digest digest) throws IOException {
    for (DigestFunction function : DigestFunction.values()) {
      if (function.hashLength() == digest.hashLength() && digest(file, function).equals(digest)) {
        Files.move(file, path(digest), StandardCopyOption.REPLACE_EXISTING);
        return true;
      }
    }
    return false;
  }

  private static Digest digest(Path file, DigestFunction function) throws IOException {
    MessageDigest hasher = function.newHasher();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        hasher.update(buffer, 0, count);
      }
    }
    return Digest.of(hasher.digest(), Files.size(file));
  }

  /** Whether the digest is one of this content, by any function with hashes of this length. */
  static boolean names(Digest digest, byte[] content) {
    return Stream.of(DigestFunction.values())
        .anyMatch(function -> function.digest(content).equals(digest));
  }

  void put(Digest digest, byte[] content) throws IOException {
    Path file = newFile();
    Files.write(file, content);
    Files.move(file, path(digest), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Shows a file as the blob of this digest, whatever is in it. */
  void link(Digest digest, Path file) throws IOException {
    Files.createSymbolicLink(path(digest), file.toAbsolutePath());
  }

  void remove(Digest digest) throws IOException {
    Files.deleteIfExists(path(digest));
  }

  FileChannel open(Digest digest) throws IOException {
    return FileChannel.open(path(digest));
  }

  byte[] read(Digest digest) throws IOException {
    return digest.isEmpty() ? new byte[0] : Files.readAllBytes(path(digest));
  }

  static byte[] read(FileChannel channel, long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {}
    return buffer.array();
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }

  private Path path(Digest digest) {
    return folder.resolve(digest.hex());
  }
}
