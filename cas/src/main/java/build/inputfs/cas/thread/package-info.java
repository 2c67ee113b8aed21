/** What every owner of a thread needs. */
@NullMarked
package build.inputfs.cas.thread;

import org.jspecify.annotations.NullMarked;
