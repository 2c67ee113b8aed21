package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What looks after a store in a process that never takes blobs away: it tells those who do what
 * this process uses. A lease is a record in this process's {@link Session}, made while the store's
 * lock is shared, so that whoever holds it alone knows all leases; in a store that is only read
 * there is no session, and the lock is shared as long as the lease lasts. Thread-safe.
 */
final class Guest implements StoreKeeper {
  private final StoreLock lock;
  private final boolean writable;
  private final OwnSession session;

  /**
   * @param writable whether the session is where others look for it
   */
  Guest(StoreLock lock, boolean writable, OwnSession session) {
    this.lock = lock;
    this.writable = writable;
    this.session = session;
  }

  @Override
  public void used(Digest blob) {}

  @Override
  public void missing(Digest blob) {}

  @Override
  public Lease putting(Digest blob) {
    return Lease.NONE;
  }

  @Override
  public void put(Digest blob) {}

  @Override
  public void variantMade(Digest blob) {}

  @Override
  public void resultUsed(String hash, long bytes) {}

  @Override
  public void resultPut(String hash, long bytes) {}

  @Override
  public Lease lease(Digest root) throws IOException {
    if (!writable) {
      return lock.shared();
    }
    Session own = session.get();
    try (Lease _ = lock.shared()) {
      int slot = own.record(root);
      AtomicBoolean open = new AtomicBoolean(true);
      return () -> {
        if (open.compareAndSet(true, false)) {
          own.erase(slot);
        }
      };
    }
  }

  @Override
  public Lease keepNew() throws IOException {
    return lock.shared();
  }
}
