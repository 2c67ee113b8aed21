package build.inputfs.cas.proto;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import org.jspecify.annotations.NullMarked;

/** Turns digests into their messages and back. Stateless. */
@NullMarked
public final class Digests {
  private Digests() {}

  /** The message that names the same blob. */
  public static build.inputfs.cas.proto.Digest toProto(Digest digest) {
    return build.inputfs.cas.proto.Digest.newBuilder()
        .setHash(digest.hex())
        .setSizeBytes(digest.size())
        .build();
  }

  /**
   * The digest that {@code message} names.
   *
   * @throws InvalidDigestException when the hash or the size cannot be one, such as in a message
   *     that was never set
   */
  public static Digest fromProto(build.inputfs.cas.proto.Digest message) {
    return Digest.of(message.getHash(), message.getSizeBytes());
  }
}
