package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.proto.ContentAddressableStorageGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.GetTreeRequest;
import build.inputfs.cas.proto.GetTreeResponse;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.TreeReader;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The reading of a tree's directories: by GetTree, or level by level in batches where the server
 * has no such call. For one thread.
 */
final class TreeRead {
  private final Caller caller;
  private final Connection connection;
  private final Digest root;
  private final TreeSink sink;
  private final String what;

  /** Where to go on, also after a failure; empty at the begin. */
  private String token = "";

  TreeRead(Caller caller, Digest root, TreeSink sink) {
    this.caller = caller;
    this.connection = caller.connection();
    this.root = root;
    this.sink = sink;
    this.what = "reading the tree blobs/" + root;
  }

  void run() throws IOException {
    var _ = caller.capabilities(what);
    if (connection.hasTrees()) {
      try {
        pages();
        return;
      } catch (RemoteException e) {
        if (e.kind() != Kind.UNSUPPORTED) {
          throw e;
        }
        connection.learnNoTrees();
      }
    }
    levels();
  }

  private void pages() throws IOException {
    Attempts attempts = caller.attempts();
    boolean more = true;
    while (more) {
      try {
        more = page(attempts);
      } catch (RemoteException e) {
        if (e.kind() == Kind.NOT_FOUND) {
          throw new MissingBlobException(
              connection.function(), root, "not on " + connection.target());
        }
        attempts.failed(e);
      }
    }
  }

  /** Reads one stream of answers, and says whether there is more. */
  private boolean page(Attempts attempts) throws IOException {
    GetTreeRequest request =
        GetTreeRequest.newBuilder()
            .setInstanceName(connection.target().instance())
            .setDigestFunction(caller.functionValue())
            .setRootDigest(Digests.toProto(root))
            .setPageToken(token)
            .build();
    boolean more = false;
    try (Throttle.Turn _ = connection.throttle().call();
        Call<GetTreeRequest, GetTreeResponse> call =
            caller.start(ContentAddressableStorageGrpc.getGetTreeMethod(), what)) {
      call.sendLast(request);
      for (GetTreeResponse answer = call.next(attempts.silence());
          answer != null;
          answer = call.next(attempts.silence())) {
        for (ByteString directory : answer.getDirectoriesList()) {
          give(directory);
          attempts.progress();
        }
        more = !answer.getNextPageToken().isEmpty();
        if (more) {
          token = answer.getNextPageToken();
        }
      }
    }
    return more;
  }

  private void give(ByteString directory) throws IOException {
    ByteBuffer encoded = directory.asReadOnlyByteBuffer();
    MessageDigest hasher = connection.function().newHasher();
    hasher.update(encoded.duplicate());
    connection.counts().received(directory.size());
    sink.directory(Digest.of(hasher.digest(), directory.size()), encoded);
  }

  private void levels() throws IOException {
    Set<Digest> seen = new HashSet<>();
    Set<Digest> level = Set.of(root);
    while (!level.isEmpty()) {
      seen.addAll(level);
      Set<Digest> children = new LinkedHashSet<>();
      new BatchReader(caller, new Level(children)).read(level);
      children.removeAll(seen);
      level = children;
    }
  }

  /** Gives the directories of one level on, and collects those of the next. */
  private final class Level implements BatchSink {
    private final Set<Digest> children;

    Level(Set<Digest> children) {
      this.children = children;
    }

    @Override
    public void content(Digest digest, ByteBuffer content) throws IOException {
      sink.directory(digest, content.duplicate());
      try {
        for (DirectoryNode child : Directory.parseFrom(content).getDirectoriesList()) {
          Digest below = Digests.fromProto(child.getDigest());
          if (below.size() <= TreeReader.MAX_MESSAGE_BYTES) {
            children.add(below);
          }
        }
      } catch (InvalidProtocolBufferException | InvalidDigestException e) {
        // The sink has it, and is to judge it; nothing can be reached from here.
      }
    }

    @Override
    public void failure(Digest digest, IOException cause) throws IOException {
      if (!(cause instanceof MissingBlobException) || digest.equals(root)) {
        throw cause;
      }
    }
  }
}
