package build.inputfs.app.run;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.posix.Processes.Redirect;
import build.inputfs.cas.proto.Action;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.store.BlobSource;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An action of the Remote Execution API that is in a store, with its command.
 *
 * @param digest of the action
 * @param root digest of its input tree's root directory
 * @param command what it runs
 * @param timeout how long that may take, or null when the action does not say
 */
public record RecordedAction(
    Digest digest, Digest root, Command command, @Nullable Duration timeout) {
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  /**
   * Reads an action and its command.
   *
   * @throws IOException when either is missing, or is no such message
   */
  public static RecordedAction read(BlobSource blobs, Digest digest) throws IOException {
    Action action = message(blobs, digest, Action.parser(), "an action");
    try {
      Digest commandDigest = Digests.fromProto(action.getCommandDigest());
      Digest root = Digests.fromProto(action.getInputRootDigest());
      Duration timeout =
          action.hasTimeout()
              ? Duration.ofSeconds(action.getTimeout().getSeconds(), action.getTimeout().getNanos())
              : null;
      return new RecordedAction(
          digest, root, message(blobs, commandDigest, Command.parser(), "a command"), timeout);
    } catch (InvalidDigestException e) {
      throw new IOException("blob " + digest + " is not an action: " + e.getMessage(), e);
    }
  }

  /**
   * The job that runs this action.
   *
   * @param redirects the command's standard streams, where they are not this program's own
   * @throws IOException when the command has no arguments or a path that leaves the tree
   */
  public Job job(List<Redirect> redirects) throws IOException {
    try {
      return new Job(
          root,
          new Invocation(
              command.getArgumentsList(),
              Environment.of(command),
              true,
              DeclaredOutputs.resolve("", command.getWorkingDirectory()),
              timeout,
              redirects),
          DeclaredOutputs.of(command),
          Quota.NONE,
          digest);
    } catch (IllegalArgumentException e) {
      throw new IOException("action " + digest + " cannot be run: " + e.getMessage(), e);
    }
  }

  private static <T> T message(BlobSource blobs, Digest digest, Parser<T> parser, String what)
      throws IOException {
    byte[] encoded = blobs.read(digest, MAX_MESSAGE_BYTES);
    try {
      return parser.parseFrom(encoded);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException("blob " + digest + " is not " + what + ": " + e.getMessage(), e);
    }
  }
}
