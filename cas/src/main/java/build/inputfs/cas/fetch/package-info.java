/**
 * A local store as the cache of a remote: what it lacks is fetched when it is asked for, once for
 * all who ask, and put into it when it has proved right.
 */
@org.jspecify.annotations.NullMarked
package build.inputfs.cas.fetch;
