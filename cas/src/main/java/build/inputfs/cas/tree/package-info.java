/** Directory messages: decoded, checked and built. */
@NullMarked
package build.inputfs.cas.tree;

import org.jspecify.annotations.NullMarked;
