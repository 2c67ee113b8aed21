/**
 * The native calls, by jnr-ffi: each with its man page's contract. Nothing above this package knows
 * how a system call is made.
 */
@NullMarked
package build.inputfs.cas.posix;

import org.jspecify.annotations.NullMarked;
