/**
 * Real trees on the local disk: made from a store by hard link, clone or copy, removed again, and
 * kept in a cache.
 *
 * <p>A worker that is written in Java makes and destroys the directories of its actions through
 * {@link build.inputfs.cache.view.ViewStrategy} alone, whatever the strategy is:
 *
 * {@snippet :
 * Path createExecDir(String operation, Digest inputRoot, List<String> outputs) throws IOException {
 *   Path directory = Files.createDirectory(execRoot.resolve(operation));
 *   try {
 *     views.put(directory, strategy.open(
 *         new ViewSpec(inputRoot, directory, uid, gid, false, outputs, Quota.NONE)));
 *     return directory;
 *   } catch (IOException | RuntimeException e) { // a missing blob, say: the message names it
 *     Files.delete(directory);
 *     throw e;
 *   }
 * }
 *
 * void destroyExecDir(Path directory) throws IOException {
 *   views.remove(directory).close(); // the tree is out of the way at once, and deleted later
 *   Files.delete(directory);
 * }
 * }
 *
 * <p>The whole class, compiled and run, is {@code ExecDirectories} among this package's tests.
 * Between the two the worker runs the action in the directory and has {@link
 * build.inputfs.cache.view.OutputCollector} collect what it made.
 *
 * <table>
 * <caption>Who does what</caption>
 * <tr><td>{@link RealTreeStrategy}</td><td>the strategies hardlink, clone and copy</td></tr>
 * <tr><td>{@link Materializer}</td><td>makes a tree: TreeMaker its names, FileMaker each file</td></tr>
 * <tr><td>{@link TreeRemover}</td><td>removes one</td></tr>
 * <tr><td>{@link DirectoryCache}</td><td>keeps trees, and their large subtrees, by digest</td></tr>
 * </table>
 *
 * <p>With hardlink a file in a tree is its blob's own inode: its owner, times and number of links
 * are the store's, and whoever overrides mode bits can change the blob. So it is for actions that
 * run as another user than the store's owner, and not as root.
 */
@NullMarked
package build.inputfs.cache.link;

import org.jspecify.annotations.NullMarked;
