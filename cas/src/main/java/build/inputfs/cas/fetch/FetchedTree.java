package build.inputfs.cas.fetch;

import java.io.IOException;
import java.util.List;

/**
 * What came of fetching a whole tree. All numbers are of different blobs.
 *
 * @param directories how many the tree has
 * @param files how many the tree has
 * @param fetched how many files came from the remote
 * @param fetchedBytes their size
 * @param failures what could not be had; no more than the first hundred
 */
public record FetchedTree(
    long directories, long files, long fetched, long fetchedBytes, List<IOException> failures) {
  public FetchedTree {
    failures = List.copyOf(failures);
  }
}
