package build.inputfs.cas.store;

import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the store of one digest function is in a folder, as Bazel's disk cache has it: for a
 * function whose hashes are as long as another's in a subfolder of its name ({@code blake3}), for
 * all others in the folder itself, which the names of its blobs tell.
 *
 * @param root of the store
 * @param function of all its digests
 */
public record StorePlace(Path root, DigestFunction function) {

  /**
   * Finds the store that is meant.
   *
   * @param folder which need not exist; a subfolder that is named after its function will do too
   * @param wanted the function, or null for that of the store which is there, and SHA-256 where
   *     there is none
   * @throws IOException when there is a store of another function in its place
   */
  public static StorePlace in(Path folder, @Nullable DigestFunction wanted) throws IOException {
    DigestFunction named = DigestFunction.named(String.valueOf(folder.getFileName()));
    DigestFunction there = named != null && named.isNamed() ? named : ofBlobs(folder);
    if (wanted == null) {
      return there == null ? any(folder) : new StorePlace(folder, there);
    }
    if (wanted == there) {
      return new StorePlace(folder, wanted);
    }
    if (wanted.isNamed()) {
      return new StorePlace(folder.resolve(wanted.resourceName()), wanted);
    }
    if (there != null) {
      throw new IOException(
          "the store in %s is of %s, not of %s".formatted(folder, there.title(), wanted.title()));
    }
    return new StorePlace(folder, wanted);
  }

  /** What is to be taken when nothing is said and the folder has no blobs. */
  private static StorePlace any(Path folder) {
    for (DigestFunction function : DigestFunction.values()) {
      Path subfolder = folder.resolve(function.resourceName());
      if (function.isNamed() && Files.isDirectory(subfolder.resolve("cas"))) {
        return new StorePlace(subfolder, function);
      }
    }
    return new StorePlace(folder, DigestFunction.SHA256);
  }

  /** The function whose hashes are as long as the first blob's name, or null without blobs. */
  private static @Nullable DigestFunction ofBlobs(Path folder) throws IOException {
    try (DirectoryStream<Path> prefixes = Files.newDirectoryStream(folder.resolve("cas"), "??")) {
      for (Path prefix : prefixes) {
        try (DirectoryStream<Path> blobs =
            Files.newDirectoryStream(prefix, prefix.getFileName() + "*")) {
          for (Path blob : blobs) {
            int digits = String.valueOf(blob.getFileName()).length();
            DigestFunction function =
                digits % 2 == 0 ? DigestFunction.ofHashLength(digits / 2) : null;
            if (function != null) {
              return function;
            }
          }
        } catch (NotDirectoryException e) {
          // It is no part of the store.
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // There is no store yet.
    }
    return null;
  }
}
