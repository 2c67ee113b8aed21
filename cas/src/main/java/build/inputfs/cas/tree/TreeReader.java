package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.store.DirectorySource;
import build.inputfs.cas.store.SingleFlight;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Reads trees: decoded directories by digest, kept in memory up to a weight.
 *
 * <p>A directory is read, verified and decoded once for all who ask at the same time, and no lock
 * is held meanwhile. A failure is told to all of them and not remembered. Thread-safe.
 */
public final class TreeReader implements Metered {
  /** How much heap the decoded directories take, in bytes, unless said otherwise. */
  public static final long DEFAULT_CACHE_BYTES = 64L << 20;

  /** How many directories may be on a way down from the root, the root included. */
  public static final int MAX_DEPTH = 1024;

  /** The largest message that is decoded: a directory of about a million entries. */
  public static final int MAX_MESSAGE_BYTES = 128 << 20;

  /** What Caffeine and the digest take for an entry, in bytes of heap. */
  private static final int CACHE_ENTRY_BYTES = 160;

  private final DirectorySource source;
  private final Cache<Digest, InputDirectory> cache;
  private final SingleFlight<Digest, InputDirectory> loading = new SingleFlight<>();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder bytes = new LongAdder();

  /**
   * @param source where directory messages are
   * @param cacheBytes how much heap the decoded directories may take
   */
  public TreeReader(DirectorySource source, long cacheBytes) {
    this.source = source;
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .weigher(TreeReader::weight)
            .executor(Runnable::run)
            .build();
  }

  /**
   * The directory of this digest.
   *
   * @throws build.inputfs.cas.store.MissingBlobException when its message is missing
   * @throws InvalidTreeException when the message breaks a rule
   * @throws IOException when the message cannot be read, or is not what its digest says
   */
  public InputDirectory directory(Digest digest) throws IOException {
    InputDirectory cached = cache.getIfPresent(digest);
    (cached != null ? hits : misses).increment();
    return cached != null ? cached : loading.run(digest, () -> load(digest));
  }

  /** See {@link DirectorySource#waitedNanos}. */
  public long waitedNanos() {
    return source.waitedNanos();
  }

  @Override
  public void meter(Consumer<Reading> to) {
    Reading asked =
        Reading.counter(
            "directory_lookups", "Directories asked for, by whether they were in memory", 0);
    to.accept(asked.with("result", "hit").plus(hits.sum()));
    to.accept(asked.with("result", "miss").plus(misses.sum()));
    to.accept(
        Reading.counter(
            "directory_read_bytes", "Size of the directory messages that were read", bytes.sum()));
    to.accept(Reading.gauge("directories", "Directories in memory", cache.estimatedSize()));
  }

  /**
   * What {@code path} leads to, without following symlinks.
   *
   * @param path names separated by slashes; empty ones and {@code .} stand for nothing, so that the
   *     empty path is the root
   * @throws NoSuchFileException when there is no such entry, or the path has a {@code ..}
   * @throws NotDirectoryException when something on the way is not a directory
   */
  public TreeEntry resolve(Digest root, String path) throws IOException {
    Digest digest = root;
    InputDirectory directory = directory(root);
    TreeEntry leaf = null;
    for (String name : path.split("/", -1)) {
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (leaf != null) {
        throw new NotDirectoryException(path);
      }
      int i = directory.find(name.getBytes(StandardCharsets.UTF_8));
      if (i < 0) {
        throw new NoSuchFileException(path);
      }
      if (directory.kind(i) == Kind.DIRECTORY) {
        digest = directory.digest(i);
        directory = directory(digest);
      } else {
        leaf = TreeEntry.ofLeaf(directory, i);
      }
    }
    return leaf != null ? leaf : TreeEntry.ofDirectory(digest, directory);
  }

  /**
   * Counts what is in the tree, visiting each distinct directory once.
   *
   * @throws InvalidTreeException when a directory breaks a rule, or the tree is too deep
   */
  public TreeSummary summarize(Digest root) throws IOException {
    TreeSummary summary = summarize(root, root, 1, new HashMap<>());
    if (summary.depth() > MAX_DEPTH) {
      throw tooDeep(root);
    }
    return summary;
  }

  private TreeSummary summarize(
      Digest root, Digest digest, int level, Map<Digest, TreeSummary> known) throws IOException {
    if (level > MAX_DEPTH) {
      throw tooDeep(root);
    }
    TreeSummary summary = known.get(digest);
    if (summary != null) {
      return summary;
    }
    InputDirectory directory = directory(digest);
    summary = leaves(directory);
    for (int i = 0; i < directory.size(); i++) {
      if (directory.kind(i) == Kind.DIRECTORY) {
        summary = summary.with(summarize(root, directory.digest(i), level + 1, known));
      }
    }
    known.put(digest, summary);
    return summary;
  }

  private static TreeSummary leaves(InputDirectory directory) {
    long files = 0;
    long symlinks = 0;
    long bytes = 0;
    for (int i = 0; i < directory.size(); i++) {
      switch (directory.kind(i)) {
        case FILE -> {
          files++;
          bytes = TreeSummary.add(bytes, directory.fileSize(i));
        }
        case SYMLINK -> symlinks++;
        case DIRECTORY -> {}
      }
    }
    return new TreeSummary(files, 1, symlinks, bytes, 1);
  }

  private InputDirectory load(Digest digest) throws IOException {
    InputDirectory directory = cache.getIfPresent(digest);
    if (directory == null) {
      directory = InputDirectory.decode(digest, source.readDirectory(digest, MAX_MESSAGE_BYTES));
      cache.put(digest, directory);
      bytes.add(digest.size());
    }
    return directory;
  }

  private static int weight(Digest digest, InputDirectory directory) {
    return (int) Math.min(Integer.MAX_VALUE, CACHE_ENTRY_BYTES + directory.weight());
  }

  private static InvalidTreeException tooDeep(Digest root) {
    return new InvalidTreeException(root, "the tree is more than " + MAX_DEPTH + " levels deep");
  }
}
