package build.inputfs.cache.link;

import build.inputfs.cache.view.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What was made for a tree, by what really happened.
 *
 * @param directories the root included
 * @param symlinks symbolic links
 * @param empty empty files, which need no blob
 * @param links files that are an inode of the store, or a replica's
 * @param replicas files that were copied because the blob's inode takes no more links
 * @param clones files that share their blob's extents
 * @param copies files whose bytes were copied
 * @param copiedBytes how many bytes that was
 * @param waitedNanos how long threads have waited for blobs to be fetched, all together
 */
public record TreeCounts(
    long directories,
    long symlinks,
    long empty,
    long links,
    long replicas,
    long clones,
    long copies,
    long copiedBytes,
    long waitedNanos) {

  /** Regular files. */
  public long files() {
    return empty + links + clones + copies;
  }

  /** The counts by name, without those that are zero. */
  public Map<String, Long> byName() {
    Map<String, Long> names = new TreeMap<>();
    names.put("directories made", directories);
    names.put("symlinks made", symlinks);
    names.put("empty files made", empty);
    names.put("files linked", links);
    names.put("files replicated", replicas);
    names.put("files cloned", clones);
    names.put("files copied", copies);
    names.put("bytes copied", copiedBytes);
    names.put(View.FETCH_WAITS, TimeUnit.NANOSECONDS.toMillis(waitedNanos));
    names.values().removeIf(count -> count == 0);
    return names;
  }

  /** Which mechanisms were at work, for people: {@code hardlink + clone} say. */
  public String mechanism() {
    List<String> used = new ArrayList<>();
    if (links > 0) {
      used.add(Mechanism.LINK.label());
    }
    if (clones > 0) {
      used.add(Mechanism.CLONE.label());
    }
    if (copies > 0) {
      used.add(Mechanism.COPY.label());
    }
    return used.isEmpty() ? "no file needed" : String.join(" + ", used);
  }
}
