package build.inputfs.app.run;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A strategy that needs nothing from the machine: a view is a copy of its tree on the disk. */
public final class CopyStrategy implements ViewStrategy {
  private final BlobSource blobs;
  private final TreeReader trees;
  private final List<ViewFailure> failures;

  /**
   * @param failures what every view is to say that it could not give
   */
  public CopyStrategy(BlobSource blobs, TreeReader trees, List<ViewFailure> failures) {
    this.blobs = blobs;
    this.trees = trees;
    this.failures = failures;
  }

  @Override
  public String name() {
    return "copy";
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    spec.scratch().refuse(name(), "it is for tests");
    CopyView view = new CopyView(spec.path());
    try {
      copy(spec.root(), spec.path());
      for (String output : spec.outputs()) {
        Path parent = spec.path().resolve(output).getParent();
        if (parent != null) {
          Files.createDirectories(parent);
        }
      }
      return view;
    } catch (IOException e) {
      view.close();
      throw e;
    }
  }

  @Override
  public void close() {}

  private void copy(Digest digest, Path to) throws IOException {
    InputDirectory directory = trees.directory(digest);
    for (int i = 0; i < directory.size(); i++) {
      Path path = to.resolve(new String(directory.name(i), StandardCharsets.UTF_8));
      switch (directory.kind(i)) {
        case FILE -> {
          Files.copy(blobs.locate(directory.digest(i), false), path);
          Files.setPosixFilePermissions(
              path,
              PosixFilePermissions.fromString(directory.executable(i) ? "r-xr-xr-x" : "r--r--r--"));
        }
        case DIRECTORY -> {
          Files.createDirectory(path);
          copy(directory.digest(i), path);
        }
        case SYMLINK ->
            Files.createSymbolicLink(
                path, Path.of(new String(directory.target(i), StandardCharsets.UTF_8)));
      }
    }
  }

  private final class CopyView implements View, ViewTree {
    private final Path path;
    private final CountDownLatch ended = new CountDownLatch(1);

    CopyView(Path path) {
      this.path = path;
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public String mechanism() {
      return "copy";
    }

    @Override
    public ViewTree tree() {
      return this;
    }

    @Override
    public List<ViewFailure> failures() {
      return failures;
    }

    @Override
    public LimitHits limits() {
      return new LimitHits(Quota.NONE);
    }

    @Override
    public Map<String, Long> counters() {
      return Map.of("copies", 1L);
    }

    @Override
    public void awaitEnd() throws InterruptedException {
      ended.await();
    }

    @Override
    public @Nullable Node find(String name) throws IOException {
      return node(path.resolve(name));
    }

    private @Nullable Node node(Path file) throws IOException {
      if (Files.isSymbolicLink(file)) {
        return new SymbolicLink(Files.readSymbolicLink(file).toString());
      }
      if (!Files.exists(file)) {
        return null;
      }
      if (Files.isDirectory(file)) {
        List<Child> children = new ArrayList<>();
        try (Stream<Path> list = Files.list(file)) {
          for (Path child : list.sorted().toList()) {
            Node node = node(child);
            if (node != null) {
              children.add(new Child(String.valueOf(child.getFileName()), node));
            }
          }
        }
        return new Folder(children);
      }
      if (!Files.isRegularFile(file)) {
        return new Special("FIFO");
      }
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      int mode = permissions.contains(PosixFilePermission.OWNER_EXECUTE) ? 0755 : 0644;
      return new RegularFile(null, file, Files.size(file), mode, 0, 0);
    }

    private record Folder(List<Child> children) implements Directory {
      @Override
      public @Nullable Digest digest() {
        return null;
      }
    }

    @Override
    public void close() throws IOException {
      try (Stream<Path> all = Files.walk(path)) {
        for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
          if (!file.equals(path)) {
            Files.delete(file);
          }
        }
      }
      ended.countDown();
    }
  }
}
