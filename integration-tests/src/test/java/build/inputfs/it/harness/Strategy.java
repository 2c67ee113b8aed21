package build.inputfs.it.harness;

import java.util.List;

/** A way to make a place. What is true of one must be true of all. */
public enum Strategy {
  /** A private copy on the native disk: what proves that a test asks for what a disk does. */
  REFERENCE,
  /** A view that the {@code fuse} strategy serves. */
  FUSE;

  /** Why it does not run here; empty when it does. */
  String obstacle() {
    String asked = System.getProperty("inputfs.it.strategies", name());
    if (!List.of(asked.split(",", -1)).contains(name())) {
      return "the property inputfs.it.strategies asks for " + asked + " alone";
    }
    return switch (this) {
      case REFERENCE -> "";
      case FUSE -> Machine.fuseObstacle();
    };
  }
}
