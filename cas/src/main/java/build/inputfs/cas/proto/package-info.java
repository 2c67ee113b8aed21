/**
 * The messages and services of the Remote Execution API that inputfs uses, as generated from {@code
 * remote_execution.proto} and the files beside it, and what turns their digests into ours.
 * Generated code has no null annotations, so the package as a whole is not null-marked.
 */
package build.inputfs.cas.proto;
