package build.inputfs.app.run;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cas.digest.Digest;

/**
 * A command to run in a view of a tree, and what it is to make.
 *
 * @param root digest of the input tree's root directory
 */
public record Job(Digest root, Invocation invocation, DeclaredOutputs outputs) {}
