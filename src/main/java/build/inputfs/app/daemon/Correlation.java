package build.inputfs.app.daemon;

/**
 * What a client wants to hear again of a view, to know whom it is for. Each is empty where it is
 * not said.
 *
 * @param traceparent as in the header of this name in W3C Trace Context
 */
public record Correlation(
    String actionId, String toolInvocationId, String correlatedInvocationsId, String traceparent) {}
