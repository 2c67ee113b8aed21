package build.inputfs.app.rpc;

import build.inputfs.cas.posix.Accounts;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The Unix socket of one daemon in the filesystem, and the lock beside it that says that a daemon
 * lives. For one thread.
 *
 * <p>The kernel gives the lock back however the process ends; whoever has it may replace the
 * socket. The lock's file stays for ever, since another process may be about to lock it. The socket
 * is bound under another name and renamed when its mode is right, so that clients never see one
 * that is half made.
 */
final class SocketFile implements AutoCloseable {
  /** What fits in sockaddr_un of unix(7), with the NUL. */
  private static final int LONGEST_PATH = 107;

  private static final String UNFINISHED = ".new";

  private final Posix posix;
  private final Path path;
  private final int group;
  private final FileChannel lock;
  private boolean published;

  private SocketFile(Posix posix, Path path, int group, FileChannel lock) {
    this.posix = posix;
    this.path = path;
    this.group = group;
    this.lock = lock;
  }

  /**
   * Takes the lock, and makes the folder where it is missing.
   *
   * @param path the socket's, absolute
   * @param group who may connect beside the owner, or {@link Accounts#NONE}
   * @throws IOException when a daemon listens there, something else than a socket is there, or the
   *     folder is not to be trusted
   */
  static SocketFile lock(Posix posix, Path path, int group) throws IOException {
    Path folder = path.getParent();
    if (folder == null
        || (path + UNFINISHED).getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
      throw new IOException(
          "the socket's path %s cannot be used: it must be absolute and shorter than %d bytes"
              .formatted(path, LONGEST_PATH - UNFINISHED.length()));
    }
    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
        || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(path + " is there and is no socket: name another with --socket");
    }
    makeFolder(posix, folder, group);
    Path lockPath = path.resolveSibling(path.getFileName() + ".lock");
    FileChannel channel =
        FileChannel.open(
            lockPath,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      if (tryLock(channel) == null) {
        throw new IOException(
            "a daemon listens on %s already (process %s)".formatted(path, read(channel)));
      }
      write(channel, Long.toString(ProcessHandle.current().pid()));
      Files.deleteIfExists(unfinished(path));
      return new SocketFile(posix, path, group, channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static void makeFolder(Posix posix, Path folder, int group) throws IOException {
    Path parent = folder.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      if (group != Accounts.NONE) {
        Posix.check(posix.lchown(folder, -1, group), "chgrp " + folder);
        Posix.check(posix.chmod(folder, 0710), "chmod " + folder);
      }
    } catch (FileAlreadyExistsException e) {
      FileStat stat = new FileStat();
      Posix.check(posix.lstat(folder, stat), "stat " + folder);
      if (stat.uid() != posix.geteuid() && stat.uid() != 0) {
        throw new IOException(
            "the socket's folder %s belongs to user %d: name another with --socket"
                .formatted(folder, stat.uid()),
            e);
      }
    }
  }

  /** Where the socket is to be bound. */
  Path toBind() {
    return unfinished(path);
  }

  /** Lets clients see the socket, which has been bound by now. */
  void publish() throws IOException {
    Path bound = toBind();
    if (group != Accounts.NONE) {
      Posix.check(posix.lchown(bound, -1, group), "chgrp " + bound);
    }
    Posix.check(posix.chmod(bound, group == Accounts.NONE ? 0600 : 0660), "chmod " + bound);
    Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    published = true;
  }

  /** Removes the socket if it was made here, and gives the lock back. */
  @Override
  public void close() throws IOException {
    try (lock) {
      Files.deleteIfExists(toBind());
      if (published) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static Path unfinished(Path path) {
    return path.resolveSibling(path.getFileName() + UNFINISHED);
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // a daemon in this very process
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(32);
    int length = channel.read(text, 0);
    return length <= 0 ? "?" : new String(text.array(), 0, length, StandardCharsets.US_ASCII);
  }

  private static void write(FileChannel channel, String text) throws IOException {
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
  }
}
