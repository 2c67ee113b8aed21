package build.inputfs.fuse.jnr;

import java.util.Arrays;

/** A name's bytes, as a key. Immutable. */
final class Name {
  final byte[] bytes;
  private final int hash;

  Name(byte[] path, int start, int end) {
    bytes = Arrays.copyOfRange(path, start, end);
    hash = Arrays.hashCode(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Name name && hash == name.hash && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
