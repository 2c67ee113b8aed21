package build.inputfs.cas.digest;

import java.security.MessageDigest;
import java.util.Random;

/** A program that prints how fast each digest function is, by size of the blobs. */
final class DigestSpeed {
  private static final int[] SIZES = {1_000, 6_000, 65_536, 16 << 20};
  private static final int PIECE = 65_536;
  private static final long NANOS = 300_000_000;

  private DigestSpeed() {}

  public static void main(String[] arguments) {
    for (DigestFunction function : DigestFunction.values()) {
      for (int size : SIZES) {
        byte[] blob = new byte[size];
        new Random(1).nextBytes(blob);
        long best = 0;
        for (int round = 0; round < 5; round++) {
          best = Math.max(best, speed(function, blob));
        }
        System.out.printf("%-8s %,12d bytes %,6d MB/s%n", function.title(), size, best);
      }
    }
  }

  /** In MB/s. */
  private static long speed(DigestFunction function, byte[] blob) {
    long start = System.nanoTime();
    long hashed = 0;
    while (System.nanoTime() - start < NANOS) {
      MessageDigest hasher = function.newHasher();
      for (int at = 0; at < blob.length; at += PIECE) {
        hasher.update(blob, at, Math.min(PIECE, blob.length - at));
      }
      hashed += blob.length;
      hasher.digest();
    }
    return hashed * 1000 / (System.nanoTime() - start);
  }
}
