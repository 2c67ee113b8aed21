package build.inputfs.app.daemon;

/**
 * Who asks for something.
 *
 * @param uid the user; the daemon's own where the connection tells of none
 * @param gid the user's group
 * @param trusted whether it is root or the daemon's own user, who may do everything
 */
public record Caller(int uid, int gid, boolean trusted) {

  /** Whether this one may see and change what belongs to user {@code owner}. */
  boolean mayUse(int owner) {
    return trusted || uid == owner;
  }
}
