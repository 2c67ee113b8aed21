/** What is in a local store, sent to a remote. */
@NullMarked
package build.inputfs.cas.push;

import org.jspecify.annotations.NullMarked;
