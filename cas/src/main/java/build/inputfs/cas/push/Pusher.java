package build.inputfs.cas.push;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.proto.OutputDirectory;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.proto.Tree;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.store.LocalStore;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sends blobs of a local store to a remote: it is asked which it lacks, and gets these. What names
 * others is sent after them, so that whoever finds a directory on the remote finds all that is
 * below it. Thread-safe; owns neither the store nor the remote.
 */
public final class Pusher {
  /** How many blobs are asked for, and sent, at a time. */
  private static final int SLICE = 10_000;

  private static final int MAX_MESSAGE_BYTES = 128 << 20;

  private final LocalStore store;
  private final RemoteCas remote;

  public Pusher(LocalStore store, RemoteCas remote) {
    this.store = store;
    this.remote = remote;
  }

  /**
   * Sends a tree, whole.
   *
   * @throws build.inputfs.cas.store.MissingBlobException when a part of it that the remote lacks is
   *     not in the store, or a directory is not
   * @throws InterruptedIOException when the calling thread is interrupted
   * @throws IOException when the remote does not take something; what was sent before stays there
   */
  public Pushed tree(Digest root) throws IOException {
    Set<Digest> files = new LinkedHashSet<>();
    Set<Digest> directories = new LinkedHashSet<>(List.of(root));
    Deque<Digest> ahead = new ArrayDeque<>(directories);
    while (!ahead.isEmpty()) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("interrupted");
      }
      Directory directory = directory(ahead.remove());
      for (FileNode file : directory.getFilesList()) {
        files.add(Digests.fromProto(file.getDigest()));
      }
      for (DirectoryNode child : directory.getDirectoriesList()) {
        Digest digest = Digests.fromProto(child.getDigest());
        if (directories.add(digest)) {
          ahead.add(digest);
        }
      }
    }
    files.removeAll(directories);
    return send(files).plus(send(new ArrayList<>(directories).reversed()));
  }

  /** Sends all that a result names, and whole directories. */
  public Pushed outputs(ActionResult result) throws IOException {
    Set<Digest> files = new LinkedHashSet<>();
    Set<Digest> directories = new LinkedHashSet<>();
    for (OutputFile file : result.getOutputFilesList()) {
      files.add(Digests.fromProto(file.getDigest()));
    }
    Pushed pushed = Pushed.NONE;
    for (OutputDirectory output : result.getOutputDirectoriesList()) {
      if (output.hasRootDirectoryDigest()) {
        pushed = pushed.plus(tree(Digests.fromProto(output.getRootDirectoryDigest())));
      }
      if (output.hasTreeDigest()) {
        Digest digest = Digests.fromProto(output.getTreeDigest());
        Tree tree = Tree.parseFrom(store.read(digest, MAX_MESSAGE_BYTES));
        addFiles(tree.getRoot(), files);
        tree.getChildrenList().forEach(child -> addFiles(child, files));
        directories.add(digest);
      }
    }
    return pushed.plus(send(files)).plus(send(directories));
  }

  private static void addFiles(Directory directory, Set<Digest> files) {
    for (FileNode file : directory.getFilesList()) {
      files.add(Digests.fromProto(file.getDigest()));
    }
  }

  private Directory directory(Digest digest) throws IOException {
    try {
      return Directory.parseFrom(store.read(digest, MAX_MESSAGE_BYTES));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(digest + " is not a directory: " + e.getMessage(), e);
    }
  }

  /** Sends what the remote lacks of these; the empty blob is everywhere. */
  private Pushed send(Collection<Digest> digests) throws IOException {
    List<Digest> all = digests.stream().filter(digest -> !digest.isEmpty()).toList();
    Pushed pushed = Pushed.NONE;
    for (int from = 0; from < all.size(); from += SLICE) {
      List<Digest> slice = all.subList(from, Math.min(all.size(), from + SLICE));
      List<Digest> missing = remote.findMissing(slice);
      Map<Digest, IOException> failures = remote.write(missing, store::openBlobChannel);
      if (!failures.isEmpty()) {
        List<IOException> causes = new ArrayList<>(failures.values());
        IOException first = causes.removeFirst();
        causes.forEach(first::addSuppressed);
        throw first;
      }
      long bytes = missing.stream().mapToLong(Digest::size).sum();
      pushed = pushed.plus(new Pushed(slice.size(), missing.size(), bytes));
    }
    return pushed;
  }
}
