/**
 * What the daemon tells about itself: metrics, for Prometheus and for the API, and a log line for
 * each event.
 */
@NullMarked
package build.inputfs.app.metrics;

import org.jspecify.annotations.NullMarked;
