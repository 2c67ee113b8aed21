package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Correlation;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * Takes from a call's headers for whom it is, for clients that say so there: {@code
 * build.bazel.remote.execution.v2.requestmetadata-bin} of the Remote Execution API, and {@code
 * traceparent} of W3C Trace Context. Headers that make no sense are as if they were not there.
 * Thread-safe.
 */
final class RequestMetadata implements ServerInterceptor {
  private static final Metadata.Key<byte[]> REAPI =
      Metadata.Key.of(
          "build.bazel.remote.execution.v2.requestmetadata-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> TRACE =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<Correlation> CORRELATION =
      Context.keyWithDefault("correlation", new Correlation("", "", "", ""));

  /** For whom the call is that this thread serves; what is not known is empty. */
  static Correlation current() {
    return CORRELATION.get();
  }

  /** What the message says, and where it says nothing what the call's headers say. */
  static Correlation complete(Correlation said) {
    Correlation headers = current();
    return new Correlation(
        first(said.actionId(), headers.actionId()),
        first(said.toolInvocationId(), headers.toolInvocationId()),
        first(said.correlatedInvocationsId(), headers.correlatedInvocationsId()),
        first(said.traceparent(), headers.traceparent()));
  }

  private static String first(String one, String other) {
    return one.isEmpty() ? other : one;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    byte[] metadata = headers.get(REAPI);
    String trace = headers.get(TRACE);
    if (metadata == null && trace == null) {
      return next.startCall(call, headers);
    }
    Correlation found = read(metadata == null ? new byte[0] : metadata, trace == null ? "" : trace);
    return Contexts.interceptCall(
        Context.current().withValue(CORRELATION, found), call, headers, next);
  }

  private static Correlation read(byte[] metadata, String trace) {
    try {
      var message = build.inputfs.cas.proto.RequestMetadata.parseFrom(metadata);
      return new Correlation(
          message.getActionId(),
          message.getToolInvocationId(),
          message.getCorrelatedInvocationsId(),
          trace);
    } catch (InvalidProtocolBufferException e) {
      return new Correlation("", "", "", trace);
    }
  }
}
