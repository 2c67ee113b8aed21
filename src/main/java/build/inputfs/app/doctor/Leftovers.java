package build.inputfs.app.doctor;

import build.inputfs.app.doctor.Leftover.DoubtfulMount;
import build.inputfs.app.doctor.Leftover.StaleFile;
import build.inputfs.app.doctor.Leftover.StaleFolder;
import build.inputfs.app.doctor.Leftover.StaleMount;
import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.StoreFiles;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds what processes of inputfs that died have left on this machine.
 *
 * <p>Nothing is guessed. Each process keeps the folder of its session locked as long as it lives,
 * and each of its mounts tells which folder that is: a filesystem that it serves by its source, an
 * overlay by its upper directory, a real tree by where it is. Of a filesystem whose folder is gone
 * the kernel is asked whether it has a server. No other mount is touched, as that might hang.
 *
 * <p>Folders are this user's own; root sees the mounts of others too. Stateless; for any thread, in
 * a process that serves none of the mounts it may find dead.
 */
public final class Leftovers {
  private static final String UNKNOWN =
      "the lock that says whether its process lives is gone, or not ours to read; `inputfs unmount`"
          + " ends it";

  private static final String FOREIGN =
      "somebody else has mounted something in the folder of a process that died";

  private final Posix posix;
  private final List<Path> folders;
  private final boolean everywhere;
  private final @Nullable StoreFiles store;

  /**
   * @param folders in which sessions have their folders: scratches, and where mount points are made
   * @param everywhere whether mounts tell of sessions in other folders too
   * @param store may have files that were not finished; or null
   */
  public Leftovers(
      Posix posix, List<Path> folders, boolean everywhere, @Nullable StoreFiles store) {
    this.posix = posix;
    this.folders = folders.stream().map(Leftovers::real).toList();
    this.everywhere = everywhere;
    this.store = store;
  }

  /** What there is now: mounts come first, in the order in which they can be removed. */
  public List<Leftover> find() throws IOException {
    MountTable table = MountTable.read();
    Search search = new Search(new Owners(posix, table));
    for (Path folder : folders) {
      if (Files.isDirectory(folder)) {
        SessionFolder.list(folder, "").forEach(search::addIfDead);
      }
    }
    for (MountTable.Line line : table.mounts().reversed()) {
      search.judge(line);
    }
    List<Leftover> found = search.result();
    if (store != null) {
      store.leftovers().forEach(file -> found.add(new StaleFile(file)));
    }
    return found;
  }

  /** As mounts name it; a folder that is not there holds nothing. */
  private static Path real(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      return folder.toAbsolutePath();
    }
  }

  private boolean isSearched(Path session) {
    return everywhere || folders.stream().anyMatch(session::startsWith);
  }

  /** One look at the machine. */
  private final class Search {
    private final Owners owners;
    private final List<Leftover> mounts = new ArrayList<>();
    private final Set<Path> dead = new LinkedHashSet<>();
    private final List<Path> inUse = new ArrayList<>();
    private @Nullable MountUsers users;

    Search(Owners owners) {
      this.owners = owners;
    }

    void addIfDead(Path folder) {
      boolean session = SessionFolder.isSession(folder);
      if (session ? owners.fate(folder) == Fate.DIED : SessionFolder.isUnborn(folder)) {
        dead.add(folder);
      }
    }

    void judge(MountTable.Line line) throws IOException {
      boolean within = dead.stream().anyMatch(folder -> line.path().startsWith(folder));
      Path folder = owners.folderOf(line);
      if (!within && !(line.isOurs() && isOwn(line) && isSearched(folder))) {
        return;
      }
      switch (fate(line, folder)) {
        case LIVES -> inUse.add(line.path());
        case DIED -> {
          addStale(line);
          addFolders(line, folder);
        }
        case UNKNOWN -> {
          if (within && line.source().equals(MountTable.SOURCE)) {
            addStale(line);
          } else {
            inUse.add(line.path());
            mounts.add(new DoubtfulMount(line, line.isOurs() ? UNKNOWN : FOREIGN));
          }
        }
      }
    }

    private boolean isSearched(@Nullable Path folder) {
      return folder == null ? everywhere : Leftovers.this.isSearched(folder);
    }

    private Fate fate(MountTable.Line line, @Nullable Path folder) {
      Fate fate = folder == null ? Fate.UNKNOWN : owners.fate(folder);
      if (fate == Fate.UNKNOWN && line.type().equals(MountTable.FUSE_TYPE)) {
        return Connection.isCut(posix, line.path()) ? Fate.DIED : Fate.LIVES;
      }
      return fate;
    }

    private void addStale(MountTable.Line line) throws IOException {
      MountUsers known = users;
      if (known == null) {
        known = MountUsers.look();
        users = known;
      }
      mounts.add(new StaleMount(line, known.of(line.path())));
    }

    /** The session's folder, and the one that was made for this mount alone. */
    private void addFolders(MountTable.Line line, @Nullable Path session) {
      Path around = line.path().getParent();
      for (Path folder : new Path[] {session, around}) {
        if (folder != null && isOwn(folder)) {
          addIfDead(folder);
        }
      }
    }

    /** Whether this user may do anything about a mount. */
    private boolean isOwn(MountTable.Line line) {
      String user = "(^|,)user_id=" + posix.geteuid() + "(,|$)";
      return posix.geteuid() == 0
          || !line.type().equals(MountTable.FUSE_TYPE)
          || Pattern.compile(user).matcher(line.options()).find();
    }

    private boolean isOwn(Path folder) {
      FileStat stat = new FileStat();
      return posix.lstat(folder, stat) == 0 && stat.uid() == posix.geteuid();
    }

    List<Leftover> result() {
      List<Leftover> found = new ArrayList<>(mounts);
      for (Path folder : dead) {
        // A process that lives may have a mount in the folder of one that died.
        if (inUse.stream().noneMatch(mount -> mount.startsWith(folder))) {
          found.add(new StaleFolder(folder));
        }
      }
      return found;
    }
  }
}
