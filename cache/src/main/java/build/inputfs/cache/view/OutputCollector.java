package build.inputfs.cache.view;

import build.inputfs.cache.view.DeclaredOutputs.Expected;
import build.inputfs.cache.view.DeclaredOutputs.Output;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.NodeProperties;
import build.inputfs.cas.proto.OutputDirectory;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.proto.OutputSymlink;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.PutMode;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings what an action was to make from its view into a store, and says what it was in the terms
 * of the Remote Execution API. Thread-safe; the view must no longer change.
 */
public final class OutputCollector {
  /** As many as Linux follows on one path: path_resolution(7). */
  private static final int MAX_SYMLINKS = 40;

  private final BlobSource inputs;
  private final LocalStore store;
  private final Receiver receiver;

  /** Who gets the outputs when all are in the store. */
  @FunctionalInterface
  public interface Receiver {
    /** For those who leave them in the store. */
    Receiver NONE = _ -> {};

    /**
     * Called by the thread that collects, before it tells that it is done.
     *
     * @param outputs the output fields of a result
     * @throws IOException which is told to whoever collects
     */
    void collected(ActionResult outputs) throws IOException;
  }

  /**
   * @param inputs where the content of the views' inputs is
   * @param store where outputs go; it may be the same
   */
  public OutputCollector(BlobSource inputs, LocalStore store) {
    this(inputs, store, Receiver.NONE);
  }

  /** The same, with somebody who gets them then. */
  public OutputCollector(BlobSource inputs, LocalStore store, Receiver receiver) {
    this.inputs = inputs;
    this.store = store;
    this.receiver = receiver;
  }

  /** The same without anybody who gets them then. */
  public OutputCollector keeping() {
    return new OutputCollector(inputs, store);
  }

  /**
   * Collects the outputs that are there; as the Remote Execution API has it, one that was not made
   * is left out.
   *
   * @return the output fields of a result, and nothing else
   * @throws InterruptedIOException when the calling thread is interrupted
   * @throws IOException when an output is of another kind than declared, is or holds what has no
   *     digest (a FIFO, a socket), or cannot be stored
   */
  public ActionResult collect(ViewTree view, DeclaredOutputs outputs) throws IOException {
    try (Lease _ = store.keepNew()) {
      ActionResult.Builder result = ActionResult.newBuilder();
      for (Output output : outputs.outputs()) {
        ViewTree.Node node = find(view, output.viewPath());
        switch (node) {
          case null -> {}
          case ViewTree.RegularFile file -> {
            refuseIf(output.expected() == Expected.DIRECTORY, output, "a file");
            result.addOutputFiles(file(output, file, outputs.nodeProperties()));
          }
          case ViewTree.Directory directory -> {
            refuseIf(output.expected() == Expected.FILE, output, "a directory");
            result.addOutputDirectories(directory(output, directory, outputs));
          }
          case ViewTree.SymbolicLink symlink -> addSymlink(result, output, symlink.target());
          case ViewTree.Special special -> throw special(output.path(), special);
        }
      }
      ActionResult collected = result.build();
      receiver.collected(collected);
      return collected;
    }
  }

  /**
   * What is at a path whose directories may be symlinks by now, as long as they stay in the view.
   */
  private static ViewTree.@Nullable Node find(ViewTree view, String path) throws IOException {
    ViewTree.Node node = view.find(path);
    if (node != null) {
      return node;
    }
    Deque<String> ahead = new ArrayDeque<>(List.of(path.split("/", -1)));
    List<String> resolved = new ArrayList<>();
    int symlinks = 0;
    while (!ahead.isEmpty()) {
      String name = ahead.removeFirst();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (resolved.isEmpty()) {
          return null;
        }
        resolved.removeLast();
        continue;
      }
      resolved.add(name);
      node = view.find(String.join("/", resolved));
      if (node instanceof ViewTree.SymbolicLink(String target) && !ahead.isEmpty()) {
        if (target.startsWith("/") || ++symlinks > MAX_SYMLINKS) {
          return null;
        }
        resolved.removeLast();
        List.of(target.split("/", -1)).reversed().forEach(ahead::addFirst);
      }
    }
    return view.find(String.join("/", resolved));
  }

  /** The file's digest; its content is in the store afterwards. */
  Digest store(String path, ViewTree.RegularFile file) throws IOException {
    checkInterrupted();
    Digest known = file.digest();
    if (known != null) {
      storeInput(known);
      return known;
    }
    Path content = file.content();
    if (content == null) {
      throw new IOException("output '" + path + "' has neither content nor digest");
    }
    return store.put(content, PutMode.AUTO, null);
  }

  /** Sees to it that an input's blob is in the store. */
  void storeInput(Digest digest) throws IOException {
    checkInterrupted();
    if (!store.contains(digest)) {
      store.put(inputs.locate(digest, false), PutMode.AUTO, digest);
    }
  }

  static IOException special(String path, ViewTree.Special special) {
    return new IOException(
        "output '%s' is a %s; only files, directories and symlinks can be outputs"
            .formatted(path, special.type()));
  }

  /** The properties of {@code file} that are among {@code wanted}, or null when there are none. */
  static @Nullable NodeProperties properties(ViewTree.RegularFile file, Set<String> wanted) {
    NodeProperties.Builder properties = NodeProperties.newBuilder();
    if (wanted.contains("mtime")) {
      properties.setMtime(
          Timestamp.newBuilder().setSeconds(file.mtimeSeconds()).setNanos(file.mtimeNanos()));
    }
    if (wanted.contains("unix_mode")) {
      properties.setUnixMode(UInt32Value.of(file.mode()));
    }
    return properties.hasMtime() || properties.hasUnixMode() ? properties.build() : null;
  }

  private static void checkInterrupted() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while collecting outputs");
    }
  }

  private OutputFile file(Output output, ViewTree.RegularFile file, Set<String> wanted)
      throws IOException {
    OutputFile.Builder result =
        OutputFile.newBuilder()
            .setPath(output.path())
            .setDigest(Digests.toProto(store(output.path(), file)))
            .setIsExecutable(file.executable());
    NodeProperties properties = properties(file, wanted);
    return properties == null ? result.build() : result.setNodeProperties(properties).build();
  }

  private OutputDirectory directory(
      Output output, ViewTree.Directory directory, DeclaredOutputs outputs) throws IOException {
    TreeCollector tree = new TreeCollector(this, inputs, outputs.nodeProperties());
    Digest root = tree.collect(output.path(), directory);
    OutputDirectory.Builder result = OutputDirectory.newBuilder().setPath(output.path());
    if (outputs.asTrees()) {
      result.setTreeDigest(Digests.toProto(store.put(tree.tree()))).setIsTopologicallySorted(true);
    }
    if (outputs.asDirectories()) {
      for (byte[] message : tree.messages()) {
        store.put(message);
      }
      result.setRootDirectoryDigest(Digests.toProto(root));
    }
    return result.build();
  }

  private static void addSymlink(ActionResult.Builder result, Output output, String target) {
    OutputSymlink symlink =
        OutputSymlink.newBuilder().setPath(output.path()).setTarget(target).build();
    // The first of these is only for commands that declare output_paths, the others only for those
    // that declare the fields before it.
    switch (output.expected()) {
      case ANYTHING -> result.addOutputSymlinks(symlink);
      case FILE -> result.addOutputFileSymlinks(symlink);
      case DIRECTORY -> result.addOutputDirectorySymlinks(symlink);
    }
  }

  private static void refuseIf(boolean wrong, Output output, String found) throws IOException {
    if (wrong) {
      throw new IOException(
          "output '%s' is %s, but was declared as a %s"
              .formatted(
                  output.path(), found, output.expected() == Expected.FILE ? "file" : "directory"));
    }
  }
}
