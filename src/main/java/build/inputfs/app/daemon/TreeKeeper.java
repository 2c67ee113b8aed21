package build.inputfs.app.daemon;

import build.inputfs.app.daemon.RefusedException.Kind;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.fetch.FetchingSource;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.PutMode;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeBuilder;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.cas.tree.TreeSummary;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is done for clients with the trees of a store, beside showing them. Thread-safe. */
public final class TreeKeeper {
  /** Whoever misses more than so many blobs is told of these first. */
  private static final int MOST_MISSING = 1000;

  /** The most bytes that are read at once. */
  private static final int LARGEST_PIECE = 1 << 20;

  private final Posix posix;
  private final LocalStore store;
  private final LocalStore results;
  private final TreeReader trees;
  private final @Nullable FetchingSource fetching;

  /**
   * @param store where input trees are
   * @param results where new ones go; it may be the same
   * @param trees decodes the directories of {@code store}
   * @param fetching brings what {@code store} lacks; null when there is no remote
   */
  public TreeKeeper(
      Posix posix,
      LocalStore store,
      LocalStore results,
      TreeReader trees,
      @Nullable FetchingSource fetching) {
    this.posix = posix;
    this.store = store;
    this.results = results;
    this.trees = trees;
    this.fetching = fetching;
  }

  /** A tree and what it holds. */
  public record Imported(Digest root, TreeSummary summary) {}

  /**
   * Puts a directory of this machine in the store, on all cores.
   *
   * @throws RefusedException when the caller is one whose rights to read it are not known
   */
  public Imported importDirectory(Caller caller, Path directory) throws IOException {
    if (!caller.trusted()) {
      throw new RefusedException(
          Kind.FORBIDDEN,
          "only root and the daemon's own user may have directories imported, for the daemon reads"
              + " them with its own rights");
    }
    if (!directory.isAbsolute()) {
      throw new RefusedException(Kind.INVALID, directory + " is not an absolute path");
    }
    int threads = Runtime.getRuntime().availableProcessors();
    try (Lease _ = results.keepNew()) {
      Digest root =
          new TreeBuilder(results, posix, PutMode.AUTO, Set.of(), bytes -> {}, threads)
              .build(directory);
      TreeReader written =
          results == store ? trees : new TreeReader(results, TreeReader.DEFAULT_CACHE_BYTES);
      return new Imported(root, written.summarize(root));
    }
  }

  /**
   * Sees that a tree is in the store whole, fetching what is not, and has its directories decoded.
   *
   * @throws MissingBlobsException when something is missing, on the remote too
   * @throws IOException when the remote cannot be asked
   */
  public TreeSummary prefetch(Digest root) throws IOException {
    if (fetching != null) {
      return fetch(fetching, root);
    }
    List<Digest> missing = new ArrayList<>();
    Set<Digest> seen = new HashSet<>();
    Deque<Digest> ahead = new ArrayDeque<>();
    ahead.add(root);
    seen.add(root);
    while (!ahead.isEmpty() && missing.size() < MOST_MISSING) {
      try {
        look(trees.directory(ahead.remove()), seen, ahead, missing);
      } catch (MissingBlobException e) {
        missing.add(e.digest());
      }
    }
    if (!missing.isEmpty()) {
      throw new MissingBlobsException(missing.stream().map(store.function()::blobName).toList());
    }
    return trees.summarize(root);
  }

  /** Brings all of a tree, and says what cannot be had. */
  private TreeSummary fetch(FetchingSource source, Digest root) throws IOException {
    try (Lease _ = store.keepNew()) {
      List<IOException> failures = source.fetchTree(root).failures();
      List<String> missing = new ArrayList<>();
      for (IOException failure : failures) {
        if (!(failure instanceof MissingBlobException blob)) {
          throw failure;
        }
        missing.add(blob.blob());
      }
      if (!missing.isEmpty()) {
        throw new MissingBlobsException(missing);
      }
    }
    return trees.summarize(root);
  }

  /**
   * Some bytes of a blob, which is fetched first where that is needed.
   *
   * @param offset 0 to the blob's size
   * @param limit how many bytes at most; 0 and what is more than a mebibyte mean a mebibyte
   * @param directory whether others of its tree may be fetched with it
   * @throws MissingBlobException when it is missing, on the remote too
   */
  public byte[] read(Digest digest, long offset, long limit, boolean directory) throws IOException {
    if (offset < 0 || offset > digest.size() || limit < 0) {
      throw new RefusedException(
          Kind.INVALID, "blobs/%s has no %d bytes from byte %d".formatted(digest, limit, offset));
    }
    BlobSource source = fetching == null ? store : fetching;
    long most = limit == 0 ? LARGEST_PIECE : Math.min(limit, LARGEST_PIECE);
    int length = (int) Math.min(most, digest.size() - offset);
    if (directory && offset == 0) {
      byte[] message = source.readDirectory(digest, TreeReader.MAX_MESSAGE_BYTES);
      return length == message.length ? message : Arrays.copyOf(message, length);
    }
    ByteBuffer piece = ByteBuffer.allocate(length);
    if (piece.hasRemaining()) {
      try (FileChannel file = FileChannel.open(source.locate(digest, false))) {
        long at = offset;
        while (piece.hasRemaining()) {
          int count = file.read(piece, at);
          if (count < 0) {
            throw new EOFException("blobs/" + digest + " ends at byte " + at);
          }
          at += count;
        }
      }
    }
    return piece.array();
  }

  private void look(
      InputDirectory directory, Set<Digest> seen, Deque<Digest> ahead, List<Digest> missing) {
    for (int i = 0; i < directory.size(); i++) {
      switch (directory.kind(i)) {
        case DIRECTORY -> {
          if (seen.add(directory.digest(i))) {
            ahead.add(directory.digest(i));
          }
        }
        case FILE -> {
          Digest file = directory.digest(i);
          if (seen.add(file) && !file.isEmpty() && !store.contains(file)) {
            missing.add(file);
          }
        }
        case SYMLINK -> {}
      }
    }
  }
}
