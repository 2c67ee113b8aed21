/** The daemon: the views of all its clients, whoever asks for them and over whatever protocol. */
@NullMarked
package build.inputfs.app.daemon;

import org.jspecify.annotations.NullMarked;
