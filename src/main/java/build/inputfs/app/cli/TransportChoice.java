package build.inputfs.app.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What {@code --transport} says of how views of the strategy {@code fuse} are served. */
enum TransportChoice {
  /** By the kernel's own protocol where that works, which is on Linux, else by the library. */
  AUTO,
  /** By {@code /dev/fuse} alone. */
  KERNEL,
  /** By libfuse 2 or macFUSE alone. */
  JNR;

  /** What users write. */
  static List<String> names() {
    return Stream.of(values()).map(TransportChoice::label).toList();
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The choice of this name; null is that of the program.
   *
   * @throws IllegalArgumentException when there is none
   */
  static TransportChoice of(@Nullable String name) {
    if (name == null) {
      return AUTO;
    }
    for (TransportChoice choice : values()) {
      if (choice.label().equals(name)) {
        return choice;
      }
    }
    throw new IllegalArgumentException(
        "there is no transport '%s': --transport takes %s"
            .formatted(name, String.join(", ", names())));
  }
}
