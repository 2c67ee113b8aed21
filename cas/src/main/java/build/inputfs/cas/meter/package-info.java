/**
 * How the parts of the program tell what they have counted, to whoever makes metrics of it: they
 * know no metrics library, and count whether or not somebody asks.
 */
@org.jspecify.annotations.NullMarked
package build.inputfs.cas.meter;
