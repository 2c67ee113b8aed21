package build.inputfs.app.cli;

import build.inputfs.app.client.UnservedException;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/**
 * What {@code inputfs mount} was asked for.
 *
 * @param root the digest of the tree's root, or its hash alone
 * @param mountPoint absolute and normalized
 * @param store its folder, or null for the default store
 * @param strategy its name
 * @param scratch how much may be written
 */
record MountArguments(
    String root,
    Path mountPoint,
    @Nullable Path store,
    String strategy,
    boolean readOnly,
    Quota scratch,
    boolean verbose) {

  /** As they were written. */
  static MountArguments of(ParseResult arguments) {
    String strategy = Options.get(arguments, Options.STRATEGY);
    return new MountArguments(
        Options.required(arguments, 0),
        Path.of(Options.required(arguments, 1)).toAbsolutePath().normalize(),
        Options.path(arguments, Options.CAS),
        strategy == null ? Strategies.AUTOMATIC : strategy,
        Options.has(arguments, MountCommand.READ_ONLY),
        Options.scratch(arguments),
        Options.has(arguments, Options.VERBOSE));
  }

  /**
   * The root.
   *
   * @throws UnservedException when only its hash is given, for which the store has to be looked at
   */
  Digest digest() throws UnservedException {
    try {
      return Digest.parse(root);
    } catch (InvalidDigestException e) {
      throw new UnservedException("the root's size is not given", e);
    }
  }
}
