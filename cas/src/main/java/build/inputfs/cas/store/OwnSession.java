package build.inputfs.cas.store;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** This process's {@link Session} in a store, made when it is first needed. Thread-safe. */
final class OwnSession implements AutoCloseable {
  private final Sessions sessions;
  private @Nullable Session session;
  private boolean closed;

  OwnSession(Sessions sessions) {
    this.sessions = sessions;
  }

  synchronized Session get() throws IOException {
    if (closed) {
      throw new IOException("the store is closed");
    }
    if (session == null) {
      session = sessions.open();
    }
    return session;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (session != null) {
      session.close();
    }
  }
}
