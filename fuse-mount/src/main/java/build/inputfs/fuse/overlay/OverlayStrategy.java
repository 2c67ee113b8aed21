package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.Closing;
import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.forest.Forest;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.InputAttributes;
import build.inputfs.fuse.vfs.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The {@code overlay} strategy: a view is an overlayfs mount, with the input tree below and a
 * scratch above. Trees are shared by all views, in the kernel's memory too, and what an action
 * writes goes to the local disk at its own speed.
 *
 * <p>Thread-safe. Owns the forests that its views stand on, their mount points and the thread that
 * removes scratches; all end with {@link #close}.
 */
public final class OverlayStrategy implements ViewStrategy {
  /** mount(2) takes one page of options. */
  private static final int LONGEST_OPTIONS = 4095;

  private static final Duration KEEP_TREES = Duration.ofMinutes(10);

  private final Posix posix;
  private final TreeReader reader;
  private final boolean userNamespace;
  private final Forests forests;
  private final ScratchPool scratches;

  /**
   * A strategy.
   *
   * @param transport mounts forests: without passthrough, for an overlay cannot stand on it
   * @param scratchParent an existing directory on the disk that is to take what actions write;
   *     overlayfs must be able to use that disk as an upper layer
   * @param userNamespace whether this process is root in a user namespace only
   */
  public OverlayStrategy(
      Posix posix,
      Transport transport,
      BlobSource source,
      TreeReader reader,
      Path scratchParent,
      boolean userNamespace) {
    this.posix = posix;
    this.reader = reader;
    this.scratches = new ScratchPool(posix, scratchParent);
    this.userNamespace = userNamespace;
    this.forests =
        new Forests(
            (uid, gid) -> {
              Path mountPoint =
                  Files.createTempDirectory(
                      scratchParent,
                      "forest-",
                      PosixFilePermissions.asFileAttribute(
                          PosixFilePermissions.fromString("rwx------")));
              try {
                return Forest.mount(
                    posix, transport, source, reader, mountPoint, uid, gid, KEEP_TREES);
              } catch (IOException | RuntimeException e) {
                Files.delete(mountPoint);
                throw e;
              }
            });
  }

  @Override
  public String name() {
    return "overlay";
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    long[] now = new long[2];
    posix.fileTime(now);
    InputAttributes inputs = new InputAttributes(spec.uid(), spec.gid(), now);
    Forest forest = forests.of(spec.uid(), spec.gid());
    Forest.Stack stack = forest.stack(spec.root());
    try {
      LimitHits limits = new LimitHits(spec.scratch());
      OverlayScratch scratch = scratches.take(spec.scratch(), limits);
      try {
        scratch.prepare(reader, inputs, spec.root(), spec.outputs());
        Path path = spec.ownPath() ? spec.path() : MountPoints.check(posix, spec.path());
        long id = mount(spec, path, stack.directories(), scratch);
        limit(scratch, path);
        UpperReader tree =
            new UpperReader(
                posix,
                reader,
                inputs,
                new OverlayMarks(posix, userNamespace),
                spec.root(),
                scratch.upper());
        return new OverlayView(
            posix, spec, path, id, forest, stack, scratch, limits, tree, reader, scratches);
      } catch (IOException | RuntimeException e) {
        scratches.end(scratch, -1);
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  /** Limits what is written from now on: what overlayfs itself has made is there. */
  private void limit(OverlayScratch scratch, Path path) throws IOException {
    try {
      scratch.room().limit();
    } catch (IOException e) {
      posix.umount2(path, Posix.MNT_DETACH | Posix.UMOUNT_NOFOLLOW);
      throw e;
    }
  }

  /** Mounts the overlay: the number of the mount. */
  private long mount(ViewSpec spec, Path path, List<Path> lower, OverlayScratch scratch)
      throws IOException {
    String options =
        "lowerdir="
            + lower.stream()
                .map(directory -> escape(directory.toString()))
                .collect(Collectors.joining(":"))
            + ",upperdir="
            + escape(scratch.upper().toString())
            + ",workdir="
            + escape(scratch.work().toString())
            // What is written need not outlive a crash; without this an unmount writes it all out.
            + ",volatile,index=off,metacopy=off,"
            + (userNamespace ? "userxattr" : "redirect_dir=on")
            + ",xino=on";
    if (options.getBytes(StandardCharsets.UTF_8).length > LONGEST_OPTIONS) {
      throw new IOException(
          "the paths of the layers are too long for mount(2): use a scratch with a shorter path");
    }
    long flags = Posix.MS_NOSUID | Posix.MS_NODEV | (spec.readOnly() ? Posix.MS_RDONLY : 0);
    int result = posix.mount(MountTable.SOURCE, path, "overlay", flags, options);
    if (result < 0) {
      throw new PosixException("mounting an overlay on " + path, -result);
    }
    long id = MountPoints.mountId(posix, path);
    if (id < 0) {
      throw new IOException(path + " was unmounted by somebody as soon as it was mounted");
    }
    return id;
  }

  /** Escapes what separates options and layers in overlayfs's option string. */
  private static String escape(String path) {
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,");
  }

  @Override
  public void meter(Consumer<Reading> to) {
    forests.meter(to);
  }

  @Override
  public void close() throws IOException {
    Closing.all(List.of(scratches::close, forests::close));
  }
}
