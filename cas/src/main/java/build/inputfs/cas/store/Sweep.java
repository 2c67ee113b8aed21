package build.inputfs.cas.store;

import build.inputfs.cas.thread.Threads;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import org.slf4j.LoggerFactory;

/**
 * Deletes, in a thread of its own, what dead processes have left in a store: their temporary files,
 * tombstones and sessions. It begins when it is made and ends by itself, or when it is closed.
 */
final class Sweep implements AutoCloseable {
  private final StoreFiles files;
  private final TemporaryFiles temporaries;
  private final Thread thread;
  private volatile boolean stopped;

  Sweep(StoreFiles files, TemporaryFiles temporaries) {
    this.files = files;
    this.temporaries = temporaries;
    this.thread = Thread.ofPlatform().daemon().name("sweep the store").start(this::run);
  }

  private void run() {
    try {
      // In this order: a temporary file is a leftover when its session is gone.
      temporaries.sweep(Instant.now(), () -> stopped);
      sweepTombstones();
      if (!stopped) {
        files.sessions().sweep();
      }
    } catch (IOException e) {
      LoggerFactory.getLogger(Sweep.class)
          .warn("Cannot sweep what was left in {}: {}", files.own(), e.toString());
    }
  }

  private void sweepTombstones() throws IOException {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(files.tombstones())) {
      for (Path tombstone : stream) {
        if (stopped) {
          return;
        }
        Files.deleteIfExists(tombstone);
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // There are none.
    }
  }

  /** Waits for the end. */
  void await() throws InterruptedException {
    thread.join();
  }

  @Override
  public void close() {
    stopped = true;
    Threads.join(thread);
  }
}
