package build.inputfs.fuse.vfs;

import java.io.IOException;
import java.util.Map;

/** A filesystem that is mounted and served: made by a {@link Transport}. Thread-safe. */
public interface Mounted extends AutoCloseable {

  /** How it is served, for people: {@code kernel transport, passthrough} say. */
  String mechanism();

  /** How many requests of each kind were served until now. */
  Map<String, Long> requests();

  /**
   * Tells the kernel to forget a name and all that it knows below it, as far as nobody uses it. Not
   * to be called on a thread that serves a request.
   *
   * @param parent the node of the directory that has the name
   */
  void forgetName(long parent, byte[] name);

  /**
   * Has the kernel drop what it keeps of a file's content. Not to be called on a thread that serves
   * a request. A transport that cannot tell the kernel does nothing.
   */
  default void forgetContent(long node) {}

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
