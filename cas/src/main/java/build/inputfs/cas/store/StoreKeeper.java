package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;

/**
 * What a {@link LocalStore} tells of all that is done with it, and asks for leases. There are two:
 * {@link Guest}, which takes nothing away and tells others what it uses, and the one that keeps a
 * store within its limit. Thread-safe.
 */
public interface StoreKeeper {

  /** A blob was found where it belongs: told at each access, so this must not wait. */
  void used(Digest blob);

  /** A blob was looked for and is not there. */
  void missing(Digest blob);

  /**
   * A blob is about to be put, or to be found there and not put for that. Nothing takes it away
   * before the lease is closed.
   */
  Lease putting(Digest blob);

  /** A blob was put, or found to be there when it was to be put: before that lease is closed. */
  void put(Digest blob);

  /** A blob has an executable variant now. */
  void variantMade(Digest blob);

  /** The result of an action was asked for and is there. */
  void resultUsed(String hash, long bytes);

  /** The result of an action was put, or put again. */
  void resultPut(String hash, long bytes);

  /** See {@link LocalStore#lease}. */
  Lease lease(Digest root) throws IOException;

  /** See {@link LocalStore#keepNew}. */
  Lease keepNew() throws IOException;
}
