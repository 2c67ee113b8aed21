package build.inputfs.cas.tree;

/** What an import records of a file beside its content and executable bit. */
public enum KeptProperty {
  /** The permission bits of files and directories. */
  UNIX_MODE,
  /** The modification time of everything. */
  MTIME
}
