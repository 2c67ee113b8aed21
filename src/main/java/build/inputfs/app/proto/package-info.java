/**
 * The messages and services of the daemon's API, as generated from {@code inputfs/v1/views.proto}.
 * Generated code has no null annotations, so the package is not null-marked.
 */
package build.inputfs.app.proto;
