package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a path of a tree leads to.
 *
 * @param kind what it is
 * @param executable whether it is a file that can be run
 * @param digest of a file's content or a directory's message; null for a symlink
 * @param size in bytes: of a file its content, of a symlink its target, of a directory its message
 * @param target what a symlink points to; null for anything else
 * @param unixMode the permission bits that are asked for, or -1 when none are
 * @param mtime the modification time that is asked for, or null when none is
 */
public record TreeEntry(
    Kind kind,
    boolean executable,
    @Nullable Digest digest,
    long size,
    @Nullable String target,
    int unixMode,
    @Nullable Instant mtime) {

  /** Entry {@code i} of {@code directory}, which is not itself a directory. */
  static TreeEntry ofLeaf(InputDirectory directory, int i) {
    boolean symlink = directory.kind(i) == Kind.SYMLINK;
    return new TreeEntry(
        directory.kind(i),
        directory.executable(i),
        symlink ? null : directory.digest(i),
        directory.fileSize(i),
        symlink ? new String(directory.target(i), StandardCharsets.UTF_8) : null,
        directory.unixMode(i),
        directory.hasMtime(i)
            ? Instant.ofEpochSecond(directory.mtimeSeconds(i), directory.mtimeNanos(i))
            : null);
  }

  /** A directory, whose mode and time are in its own message. */
  static TreeEntry ofDirectory(Digest digest, InputDirectory directory) {
    return new TreeEntry(
        Kind.DIRECTORY,
        false,
        digest,
        digest.size(),
        null,
        directory.ownUnixMode(),
        directory.hasOwnMtime()
            ? Instant.ofEpochSecond(directory.ownMtimeSeconds(), directory.ownMtimeNanos())
            : null);
  }
}
