package build.inputfs.app.daemon;

import build.inputfs.cas.proto.ActionResult;
import java.time.Duration;

/**
 * What came of collecting a view's outputs.
 *
 * @param result its output fields
 * @param view as it was then
 * @param time what it took
 */
public record Collected(ActionResult result, ViewState view, Duration time) {}
