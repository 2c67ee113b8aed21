package build.inputfs.fuse.mutable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A file name, as bytes, that can be a key. Immutable, as long as nobody changes the array. */
final class Name {
  private final byte[] bytes;

  Name(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Name name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** The name for people: what is not UTF-8 is replaced. */
  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
