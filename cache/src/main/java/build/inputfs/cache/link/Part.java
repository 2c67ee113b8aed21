package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A part of a tree that is a tree of the cache for itself: a large directory with its files and
 * small subtrees, and an empty directory in place of each large one.
 *
 * @param key names what is in the part, and nothing that is in other parts: equal keys, equal parts
 * @param source a directory of which this is the part; others may have an equal one
 * @param levels how many levels of parts are below this one. It makes a difference for the key, as
 *     a directory that is shown within itself would look like a loop.
 * @param joints the large directories in it, in the order of their names
 * @param bytes size of the files
 * @param entries number of files, directories and symlinks, the part's own directory included
 */
record Part(Digest key, Digest source, int levels, List<Joint> joints, long bytes, long entries) {

  /**
   * A place for another part.
   *
   * @param name of the empty directory in this part
   */
  record Joint(String name, Part part) {}

  /** The names of the joints. */
  Set<String> jointNames() {
    Set<String> names = new HashSet<>();
    joints.forEach(joint -> names.add(joint.name));
    return names;
  }
}
