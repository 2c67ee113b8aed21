package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The results of actions, in files that are named by the hash of the action. Thread-safe; the last
 * of two writers wins.
 */
final class ActionCache {
  private static final int MODE = 0444;

  private final Fanout folder;
  private final TemporaryFiles temporaries;
  private final FileCloner cloner;
  private final StoreKeeper keeper;
  private final Pattern names;

  ActionCache(
      Fanout folder, TemporaryFiles temporaries, StoreKeeper keeper, Posix posix, int hashLength) {
    this.folder = folder;
    this.temporaries = temporaries;
    this.cloner = new FileCloner(posix);
    this.keeper = keeper;
    this.names = Pattern.compile("[0-9a-f]{" + 2 * hashLength + "}");
  }

  @Nullable ActionResult get(Digest action) throws IOException {
    Path file = folder.path(action.hex());
    try {
      byte[] encoded = Files.readAllBytes(file);
      keeper.resultUsed(action.hex(), encoded.length);
      return ActionResult.parseFrom(encoded);
    } catch (NoSuchFileException e) {
      return null;
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is not the result of an action: " + e.getMessage(), e);
    }
  }

  void put(Digest action, ActionResult result) throws IOException {
    Path temporary = temporaries.newPath();
    try {
      byte[] encoded = result.toByteArray();
      Files.write(temporary, encoded);
      cloner.seal(temporary, MODE);
      folder.publish(temporary, folder.path(action.hex()));
      keeper.resultPut(action.hex(), encoded.length);
    } finally {
      temporaries.release(temporary);
    }
  }

  List<String> list() throws IOException {
    List<String> hashes = new ArrayList<>();
    for (Path subfolder : children(folder.root())) {
      for (Path file : children(subfolder)) {
        String name = String.valueOf(file.getFileName());
        if (names.matcher(name).matches() && folder.path(name).equals(file)) {
          hashes.add(name);
        }
      }
    }
    hashes.sort(null);
    return hashes;
  }

  /** What is in a folder; nothing when there is no such folder. */
  private static List<Path> children(Path folder) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(children::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
    return children;
  }
}
