/**
 * Measures views against native directories and what else there is: makes a work set, has every
 * contender do the same work in turn, and tells the times and their ratios.
 *
 * <p>Three kinds of processes take part. The one that runs {@link
 * build.inputfs.app.bench.Benchmark} makes the work set and keeps the figures. Each strategy of
 * inputfs has a {@link build.inputfs.app.bench.ViewServer} in a process of its own. All measured
 * work in a view is done by the probe, a small C program.
 */
@NullMarked
package build.inputfs.app.bench;

import org.jspecify.annotations.NullMarked;
