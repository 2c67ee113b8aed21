package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program that reads a blob from a remote and sends another, for a JVM with little heap. */
final class LargeBlobClient {
  private LargeBlobClient() {}

  /** Takes the remote, the blob to read, the one to send, and the file that has it. */
  public static void main(String[] arguments) throws IOException {
    RemoteOptions options = RemoteOptions.of(RemoteTarget.parse(arguments[0]), RemoteFixture.TOOL);
    Digest read = Digest.parse(arguments[1]);
    Digest sent = Digest.parse(arguments[2]);
    Path file = Path.of(arguments[3]);
    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      remote.read(read, chunk -> chunk.position(chunk.limit()));
      remote.write(sent, _ -> Files.newByteChannel(file));
    }
    System.out.println("done");
  }
}
