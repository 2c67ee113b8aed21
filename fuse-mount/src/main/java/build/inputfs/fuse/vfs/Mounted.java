package build.inputfs.fuse.vfs;

import java.io.IOException;
import java.util.Map;

/** A filesystem that is mounted and served: made by a {@link Transport}. Thread-safe. */
public interface Mounted extends AutoCloseable {

  /** How it is served, for people: {@code kernel transport, passthrough} say. */
  String mechanism();

  /** How many requests of each kind were served until now. */
  Map<String, Long> requests();

  /** Waits until it is no longer mounted, by {@link #close} or because somebody unmounted it. */
  void awaitUnmounted() throws InterruptedException;

  /**
   * Unmounts, if that has not happened yet, and waits until nothing is served any more: after that
   * the filesystem is not called again. Does nothing the second time.
   *
   * @throws IOException when the mount is left behind; the message says where
   */
  @Override
  void close() throws IOException;
}
