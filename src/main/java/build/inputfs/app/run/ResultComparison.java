package build.inputfs.app.run;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.OutputDirectory;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.proto.OutputSymlink;
import build.inputfs.cas.proto.Tree;
import build.inputfs.cas.store.BlobSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Tells what differs between two results of one action. Directories are compared by their roots, as
 * implementations order the parts of a {@code Tree} differently. Stateless.
 */
public final class ResultComparison {
  private static final int MAX_MESSAGE_BYTES = 256 << 20;

  private ResultComparison() {}

  /**
   * Compares exit codes and outputs.
   *
   * @param recordedBlobs where {@code Tree} messages of {@code recorded} are
   * @param newBlobs where those of {@code actual} are
   * @return one text per difference; none when the results are the same
   */
  public static List<String> differences(
      ActionResult recorded, BlobSource recordedBlobs, ActionResult actual, BlobSource newBlobs)
      throws IOException {
    List<String> differences = new ArrayList<>();
    if (recorded.getExitCode() != actual.getExitCode()) {
      differences.add(
          "exit code %d instead of %d".formatted(actual.getExitCode(), recorded.getExitCode()));
    }
    Map<String, String> before = describe(recorded, recordedBlobs);
    Map<String, String> now = describe(actual, newBlobs);
    TreeSet<String> paths = new TreeSet<>(before.keySet());
    paths.addAll(now.keySet());
    for (String path : paths) {
      if (!Objects.equals(before.get(path), now.get(path))) {
        differences.add(
            "%s: %s instead of %s"
                .formatted(
                    path, now.getOrDefault(path, "nothing"), before.getOrDefault(path, "nothing")));
      }
    }
    return differences;
  }

  private static Map<String, String> describe(ActionResult result, BlobSource blobs)
      throws IOException {
    Map<String, String> outputs = new TreeMap<>();
    for (OutputFile file : result.getOutputFilesList()) {
      outputs.put(
          file.getPath(),
          (file.getIsExecutable() ? "executable " : "file ") + Digests.fromProto(file.getDigest()));
    }
    for (OutputDirectory directory : result.getOutputDirectoriesList()) {
      outputs.put(directory.getPath(), "directory " + root(directory, blobs));
    }
    for (List<OutputSymlink> symlinks :
        List.of(
            result.getOutputSymlinksList(),
            result.getOutputFileSymlinksList(),
            result.getOutputDirectorySymlinksList())) {
      symlinks.forEach(
          symlink -> outputs.put(symlink.getPath(), "symlink to " + symlink.getTarget()));
    }
    return outputs;
  }

  private static Digest root(OutputDirectory directory, BlobSource blobs) throws IOException {
    if (directory.hasRootDirectoryDigest()) {
      return Digests.fromProto(directory.getRootDirectoryDigest());
    }
    Digest tree = Digests.fromProto(directory.getTreeDigest());
    byte[] encoded = blobs.read(tree, MAX_MESSAGE_BYTES);
    return blobs.function().digest(Tree.parseFrom(encoded).getRoot().toByteArray());
  }
}
