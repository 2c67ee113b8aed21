/** What this machine can do for views, and what processes that died have left on it. */
@NullMarked
package build.inputfs.app.doctor;

import org.jspecify.annotations.NullMarked;
