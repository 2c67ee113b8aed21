package build.inputfs.cache.link;

/**
 * How a tree is to be made.
 *
 * @param mechanism tried first for each file; where it cannot work, the next one is
 * @param uid owner of directories, symlinks and private files; a hard link has its blob's
 * @param gid group of the same
 */
public record TreeOptions(Mechanism mechanism, int uid, int gid) {}
