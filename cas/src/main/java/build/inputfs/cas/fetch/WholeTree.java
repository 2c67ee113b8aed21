package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The fetching of everything that a tree has and the store lacks. For one thread.
 *
 * <p>Files are asked for while directories still come; many of them together, so that the batches
 * are large.
 */
final class WholeTree {
  /** So many bytes of files are asked for at a time, or so many files. */
  private static final long SHARE_BYTES = 4L << 20;

  private static final int SHARE_FILES = 2000;

  /** How many files may be on their way before the first of them is waited for. */
  private static final int MOST_PENDING = 20_000;

  private static final int MOST_FAILURES = 100;

  private final Fetcher fetcher;
  private final FetchingSource source;
  private final Duration patience;
  private final Set<Digest> seen = new HashSet<>();
  private final List<Digest> share = new ArrayList<>();
  private final Deque<Fetch> pending = new ArrayDeque<>();
  private final List<IOException> failures = new ArrayList<>();
  private long shareBytes;
  private long directories;
  private long files;
  private long fetched;
  private long fetchedBytes;

  WholeTree(Fetcher fetcher, FetchingSource source, Duration patience) {
    this.fetcher = fetcher;
    this.source = source;
    this.patience = patience;
  }

  FetchedTree fetch(Digest root) throws IOException {
    Deque<Digest> level = new ArrayDeque<>();
    level.add(root);
    var _ = seen.add(root);
    int depth = 1;
    while (!level.isEmpty() && depth <= TreeReader.MAX_DEPTH) {
      Deque<Digest> next = new ArrayDeque<>();
      for (Digest digest : level) {
        try {
          byte[] message = source.readDirectory(digest, TreeReader.MAX_MESSAGE_BYTES);
          add(InputDirectory.decode(digest, message), next);
        } catch (IOException e) {
          note(e);
        }
      }
      level = next;
      depth++;
    }
    order();
    while (!pending.isEmpty()) {
      settle(pending.remove());
    }
    return new FetchedTree(directories, files, fetched, fetchedBytes, failures);
  }

  private void add(InputDirectory directory, Deque<Digest> next) throws IOException {
    directories++;
    for (int i = 0; i < directory.size(); i++) {
      if (directory.kind(i) == Kind.SYMLINK || !seen.add(directory.digest(i))) {
        continue;
      }
      Digest digest = directory.digest(i);
      if (directory.kind(i) == Kind.DIRECTORY) {
        next.add(digest);
      } else {
        files++;
        share.add(digest);
        shareBytes += digest.size();
      }
    }
    if (shareBytes >= SHARE_BYTES || share.size() >= SHARE_FILES) {
      order();
    }
  }

  private void order() throws IOException {
    fetcher.fetchAll(share, Urgency.LATER, pending::add);
    share.clear();
    shareBytes = 0;
    while (pending.size() > MOST_PENDING) {
      settle(pending.remove());
    }
  }

  private void settle(Fetch fetch) throws IOException {
    try {
      var _ = fetch.awaitWhole(patience);
      fetched++;
      fetchedBytes += fetch.digest().size();
    } catch (IOException e) {
      note(e);
    }
  }

  private void note(IOException failure) throws IOException {
    if (Thread.currentThread().isInterrupted()) {
      throw failure;
    }
    if (failures.size() < MOST_FAILURES) {
      failures.add(failure);
    }
  }
}
