package build.inputfs.fuse.vfs;

/** What statvfs(3) tells. A mutable record that a caller hands in to be filled. */
public final class FileSystemUsage {
  /** Size of a block in bytes, the unit of the block counts. */
  public long blockSize;

  public long blocks;
  public long freeBlocks;
  public long availableBlocks;
  public long files;
  public long freeFiles;
}
