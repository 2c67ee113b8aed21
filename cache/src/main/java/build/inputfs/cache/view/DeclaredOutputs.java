package build.inputfs.cache.view;

import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Command.OutputDirectoryFormat;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * What a command says it will make: checked paths, and how they are to be reported.
 *
 * @param outputs each once, in the order of the declaration
 * @param nodeProperties names of the properties that are to be reported, such as {@code mtime}
 * @param asTrees whether a directory is reported as a {@code Tree} message
 * @param asDirectories whether it is reported as {@code Directory} messages
 */
public record DeclaredOutputs(
    List<Output> outputs, Set<String> nodeProperties, boolean asTrees, boolean asDirectories) {

  /** What an output may turn out to be. */
  public enum Expected {
    /** Whatever it is. */
    ANYTHING,
    /** A file, or a symlink in its place. */
    FILE,
    /** A directory, or a symlink in its place. */
    DIRECTORY
  }

  /**
   * One output.
   *
   * @param path as it was declared
   * @param viewPath the same, normalized and relative to the view's root; empty for the root itself
   * @param expected what it may be
   */
  public record Output(String path, String viewPath, Expected expected) {}

  public DeclaredOutputs {
    outputs = List.copyOf(outputs);
    nodeProperties = Set.copyOf(nodeProperties);
  }

  /**
   * The outputs of a command of the Remote Execution API: {@code output_paths}, or where there are
   * none the two fields that it replaces. They are relative to the command's working directory.
   *
   * @throws IllegalArgumentException when a path leaves the view
   */
  public static DeclaredOutputs of(Command command) {
    String directory = resolve("", command.getWorkingDirectory());
    List<Output> outputs = new ArrayList<>();
    if (command.getOutputPathsCount() > 0) {
      command
          .getOutputPathsList()
          .forEach(path -> add(outputs, directory, path, Expected.ANYTHING));
    } else {
      command.getOutputFilesList().forEach(path -> add(outputs, directory, path, Expected.FILE));
      command
          .getOutputDirectoriesList()
          .forEach(path -> add(outputs, directory, path, Expected.DIRECTORY));
    }
    OutputDirectoryFormat format = command.getOutputDirectoryFormat();
    return new DeclaredOutputs(
        outputs,
        Set.copyOf(command.getOutputNodePropertiesList()),
        format != OutputDirectoryFormat.DIRECTORY_ONLY,
        format == OutputDirectoryFormat.DIRECTORY_ONLY
            || format == OutputDirectoryFormat.TREE_AND_DIRECTORY);
  }

  /**
   * Outputs of any kind, relative to the view's root. Directories are reported in both ways, so
   * that they can be input trees in their turn.
   *
   * @throws IllegalArgumentException when a path leaves the view
   */
  public static DeclaredOutputs ofPaths(List<String> paths) {
    List<Output> outputs = new ArrayList<>();
    paths.forEach(path -> add(outputs, "", path, Expected.ANYTHING));
    return new DeclaredOutputs(outputs, Set.of(), true, true);
  }

  /** The outputs' paths in the view, for {@link ViewSpec#outputs}. */
  public List<String> viewPaths() {
    return outputs.stream().map(Output::viewPath).filter(path -> !path.isEmpty()).toList();
  }

  /**
   * Puts a path below a directory of the view, normalized: without empty parts, {@code .} and
   * {@code ..}, of which nothing in the view is asked.
   *
   * @param directory normalized, relative to the view's root
   * @throws IllegalArgumentException when the path is absolute, leads out of the view or holds NUL
   */
  public static String resolve(String directory, String path) {
    if (path.startsWith("/")) {
      throw new IllegalArgumentException(
          "the path '" + path + "' is absolute; it has to be relative to the input tree");
    }
    if (path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("the path '" + path.replace("\0", "\\0") + "' holds NUL");
    }
    Deque<String> parts = new ArrayDeque<>();
    for (String part : (directory + "/" + path).split("/", -1)) {
      if (part.equals("..")) {
        if (parts.pollLast() == null) {
          throw new IllegalArgumentException("the path '" + path + "' leads out of the input tree");
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }

  private static void add(List<Output> outputs, String directory, String path, Expected expected) {
    Output output = new Output(path, resolve(directory, path), expected);
    if (!outputs.contains(output)) {
      outputs.add(output);
    }
  }
}
