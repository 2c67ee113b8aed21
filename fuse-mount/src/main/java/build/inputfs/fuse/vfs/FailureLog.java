package build.inputfs.fuse.vfs;

import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The record of what the store or the disk could not give. Thread-safe. */
public final class FailureLog implements FailureRecorder {

  /** Past this many different ones the rest are only logged. */
  private static final int LIMIT = 1000;

  private final Set<ViewFailure> failures = new LinkedHashSet<>();

  /** Records a failure; one that is recorded already is left out. */
  @Override
  public void record(String operation, String path, @Nullable Digest digest, IOException cause) {
    ViewFailure failure = ViewFailure.of(operation, path, digest, cause);
    boolean isNew;
    synchronized (failures) {
      isNew = failures.size() < LIMIT && failures.add(failure);
    }
    if (isNew) {
      log().warn("{}", failure);
    }
  }

  /** All that were recorded, in order. */
  public List<ViewFailure> all() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(FailureLog.class);
  }
}
