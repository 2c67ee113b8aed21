package build.inputfs.cache.view;

import java.util.Locale;

/**
 * A limit of its scratch that an action has reached. This is the action's own doing, not a failure
 * of the store or the view.
 *
 * @param limit which one
 * @param allowed how much the {@link Quota} allows of it
 * @param refused whether more is refused, with ENOSPC or EDQUOT. Else the limit was found to be
 *     passed, and nothing stops the action but whoever runs it
 */
public record LimitHit(Quota.Limit limit, long allowed, boolean refused) {

  @Override
  public String toString() {
    String unit =
        switch (limit) {
          case BYTES -> "bytes";
          case FILES -> "files";
        };
    return String.format(
        Locale.ROOT,
        "the scratch's limit of %,d %s was %s",
        allowed,
        unit,
        refused ? "reached" : "passed");
  }
}
