package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.InvalidTreeException;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * All digests that can be reached from some roots: found by reading directory messages, each once,
 * however often it occurs. Not thread-safe.
 */
final class Reach {
  /** Reads a directory's message. */
  @FunctionalInterface
  interface Directories {
    InputDirectory read(Digest digest) throws IOException;
  }

  private final Directories directories;
  private final Set<Digest> roots = new HashSet<>();
  private final Set<Digest> digests = new HashSet<>();

  /** Directories that were met and are not there; they may come. */
  private final Set<Digest> unread = new HashSet<>();

  private final Set<Digest> walked = new HashSet<>();

  Reach(Directories directories) {
    this.directories = directories;
  }

  /**
   * Adds what can be reached from more roots. A root that is no directory is a blob alone.
   *
   * @throws IOException when a message cannot be read though it is there: what it leads to is not
   *     known then, and the next call tries again
   */
  void add(Collection<Digest> more) throws IOException {
    Deque<Digest> open = new ArrayDeque<>(unread);
    unread.clear();
    for (Digest root : more) {
      if (!roots.contains(root)) {
        digests.add(root);
        open.add(root);
      }
    }
    Digest next = open.poll();
    try {
      while (next != null) {
        if (!walked.contains(next)) {
          walk(next, open);
        }
        next = open.poll();
      }
    } finally {
      // After a failure.
      if (next != null) {
        unread.add(next);
        unread.addAll(open);
      }
    }
    roots.addAll(more);
  }

  private void walk(Digest digest, Deque<Digest> open) throws IOException {
    if (digest.size() > TreeReader.MAX_MESSAGE_BYTES) {
      walked.add(digest);
      return;
    }
    InputDirectory directory;
    try {
      directory = directories.read(digest);
    } catch (MissingBlobException e) {
      unread.add(digest);
      return;
    } catch (InvalidTreeException | DigestMismatchException e) {
      // No view can show what is below it.
      walked.add(digest);
      return;
    }
    walked.add(digest);
    for (int i = 0; i < directory.size(); i++) {
      if (directory.kind(i) != Kind.SYMLINK) {
        Digest child = directory.digest(i);
        digests.add(child);
        if (directory.kind(i) == Kind.DIRECTORY) {
          open.add(child);
        }
      }
    }
  }

  boolean covers(Collection<Digest> wanted) {
    return roots.containsAll(wanted);
  }

  boolean contains(Object digest) {
    return digest instanceof Digest && digests.contains(digest);
  }

  void forEach(Consumer<Digest> action) {
    List.copyOf(digests).forEach(action);
  }
}
