package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Caller;
import build.inputfs.cas.posix.Accounts;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * Who may use a daemon over its Unix socket: root, the daemon's own user, and the members of one
 * group. Thread-safe; asking may wait for wherever this machine has its users.
 */
public final class Admission {
  private final Accounts accounts;
  private final int own;
  private final int group;

  /**
   * @param own the daemon's own user
   * @param group whose members are let in too, or {@link Accounts#NONE}
   */
  public Admission(Accounts accounts, int own, int group) {
    this.accounts = accounts;
    this.own = own;
    this.group = group;
  }

  /** Who is at the other end, where he may come in; else null. */
  @Nullable Caller caller(UnixDomainPrincipal peer) {
    int uid = number(peer.user(), accounts.user(peer.user().getName()));
    int gid = number(peer.group(), accounts.group(peer.group().getName()));
    if (uid == Accounts.NONE || gid == Accounts.NONE) {
      return null;
    }
    if (uid == 0 || uid == own) {
      return new Caller(uid, gid, true);
    }
    boolean let =
        group != Accounts.NONE
            && (gid == group || accounts.isMember(peer.user().getName(), gid, group));
    return let ? new Caller(uid, gid, false) : null;
  }

  /** Who has no name is called by his number. */
  private static int number(UserPrincipal principal, int known) {
    if (known != Accounts.NONE) {
      return known;
    }
    try {
      return Integer.parseUnsignedInt(principal.getName());
    } catch (NumberFormatException e) {
      return Accounts.NONE;
    }
  }
}
