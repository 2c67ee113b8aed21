package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.FileStamp;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreFiles;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Compares everything in a store with its name, by several threads. What is wrong is moved into the
 * quarantine, where the store may be written, and nothing is deleted. The store may be in use: who
 * has a wrong file open keeps it. For one use by one thread.
 */
public final class StoreCheck {
  private static final int CHUNK = 1 << 18;

  /**
   * A file that is wrong.
   *
   * @param file where it was
   * @param problem what is wrong with it
   * @param quarantined where it is now, or null when it is where it was
   */
  public record Wrong(Path file, String problem, @Nullable Path quarantined) {}

  private final Posix posix;
  private final LocalStore store;
  private final int threads;
  private final LongConsumer checked;
  private final Queue<Wrong> wrong = new ConcurrentLinkedQueue<>();
  private final Queue<IOException> failures = new ConcurrentLinkedQueue<>();

  /**
   * @param checked told the size of each file that was checked, by any thread
   */
  public StoreCheck(Posix posix, LocalStore store, int threads, LongConsumer checked) {
    this.posix = posix;
    this.store = store;
    this.threads = threads;
    this.checked = checked;
  }

  /**
   * Checks everything, and returns what is wrong, sorted by path.
   *
   * @throws IOException when the store cannot be listed, or a wrong file cannot be moved
   */
  public List<Wrong> run() throws IOException {
    StoreFiles files = store.files();
    int hashLength = store.function().hashLength();
    // So much is known to be waiting, whatever the store's size.
    Semaphore room = new Semaphore(4 * threads);
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      new StoreScan(posix, files, hashLength, false, () -> !failures.isEmpty())
          .kept(
              file -> {
                if (acquire(room)) {
                  pool.execute(
                      () -> {
                        check(file);
                        room.release();
                      });
                }
              });
    }
    IOException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
    List<Wrong> all = new ArrayList<>(wrong);
    all.sort(Comparator.comparing(Wrong::file));
    return all;
  }

  private boolean acquire(Semaphore room) {
    try {
      room.acquire();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failures.add(new InterruptedIOException("interrupted while checking the store"));
      return false;
    }
  }

  private void check(StoreFile file) {
    try {
      FileStamp before = FileStamp.of(posix, file.path());
      String problem = problem(file);
      if (problem != null) {
        wrong.add(new Wrong(file.path(), problem, store.isWritable() ? move(file, before) : null));
      }
    } catch (NoSuchFileException e) {
      // It went, as blobs may.
    } catch (IOException e) {
      if (Files.exists(file.path(), LinkOption.NOFOLLOW_LINKS)) {
        failures.add(e);
      }
    }
    checked.accept(file.bytes());
  }

  private @Nullable String problem(StoreFile file) throws IOException {
    return switch (file.kind()) {
      case BLOB, VARIANT -> {
        String hash = hash(file.path());
        yield hash.equals(file.name()) ? null : "its content has the hash " + hash;
      }
      case RESULT -> {
        try {
          var _ = ActionResult.parseFrom(Files.readAllBytes(file.path()));
          yield null;
        } catch (InvalidProtocolBufferException e) {
          yield "it is not the result of an action";
        }
      }
      case TEMPORARY, TOMBSTONE, QUARANTINED -> null;
    };
  }

  private String hash(Path file) throws IOException {
    MessageDigest hasher = store.function().newHasher();
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      while (channel.read(buffer) >= 0) {
        hasher.update(buffer.array(), 0, buffer.position());
        buffer.clear();
      }
    }
    return HexFormat.of().formatHex(hasher.digest());
  }

  /** Moves a wrong file away: that very file, not one that has taken its place meanwhile. */
  private @Nullable Path move(StoreFile file, FileStamp before) throws IOException {
    Path place = store.files().quarantine(file.path());
    if (place != null && FileStamp.of(posix, place).inode() != before.inode()) {
      Posix.check(
          posix.renameat2(
              Posix.AT_FDCWD, place.toString(), Posix.AT_FDCWD, file.path().toString(), 0),
          "rename " + place);
      return null;
    }
    if (place != null && file.kind() == StoreFile.Kind.BLOB) {
      store.forget(Digest.of(file.name(), file.bytes()));
    }
    return place;
  }
}
