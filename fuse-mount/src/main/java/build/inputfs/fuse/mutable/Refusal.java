package build.inputfs.fuse.mutable;

import build.inputfs.fuse.vfs.Status;
import java.util.EnumMap;
import java.util.Objects;

/**
 * An operation that ends early with a status. It carries no stack trace and there is one per
 * status, so throwing one costs little; what happens all the time (a name that is not found) does
 * without.
 */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;
  private static final EnumMap<Status, Refusal> ALL = new EnumMap<>(Status.class);

  static {
    for (Status status : Status.values()) {
      ALL.put(status, new Refusal(status));
    }
  }

  final Status status;

  private Refusal(Status status) {
    super(status.name(), null, false, false);
    this.status = status;
  }

  static Refusal of(Status status) {
    return Objects.requireNonNull(ALL.get(status));
  }
}
