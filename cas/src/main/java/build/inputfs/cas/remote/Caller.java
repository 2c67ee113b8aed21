package build.inputfs.cas.remote;

import build.inputfs.cas.proto.CapabilitiesGrpc;
import build.inputfs.cas.proto.DigestFunction;
import build.inputfs.cas.proto.GetCapabilitiesRequest;
import build.inputfs.cas.remote.RemoteException.Kind;
import com.google.protobuf.MessageLite;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes calls on somebody's behalf, over the connections that all share. Thread-safe. */
final class Caller {
  private static final Logger LOGGER = LoggerFactory.getLogger(Caller.class);

  private final Connection connection;
  private final CallHeaders headers;

  Caller(Connection connection, CallHeaders headers) {
    this.connection = connection;
    this.headers = headers;
  }

  /** The same on behalf of an action. */
  Caller of(String actionId, String invocationId) {
    return new Caller(connection, headers.of(actionId, invocationId));
  }

  Connection connection() {
    return connection;
  }

  RemoteTarget target() {
    return connection.target();
  }

  /** How long and how often one operation may be tried. */
  Attempts attempts() {
    return new Attempts(
        connection.options().timing(),
        headers::forget,
        () -> {
          connection.counts().retry();
          connection.channels().reconnect();
        });
  }

  /**
   * Starts a call.
   *
   * @param what is done, for messages
   */
  <Q, A extends MessageLite> Call<Q, A> start(MethodDescriptor<Q, A> method, String what)
      throws RemoteException {
    Metadata now = headers.now();
    connection.counts().call(String.valueOf(method.getBareMethodName()));
    return new Call<>(connection.channels().enter(), method, now, connection.target(), what);
  }

  /** Makes a call with one answer, as often as it takes. */
  <Q, A extends MessageLite> A ask(MethodDescriptor<Q, A> method, Q question, String what)
      throws IOException {
    Attempts attempts = attempts();
    while (true) {
      try {
        return askOnce(method, question, what, attempts);
      } catch (RemoteException e) {
        attempts.failed(e);
      }
    }
  }

  /** Makes a call with one answer, once. */
  <Q, A extends MessageLite> A askOnce(
      MethodDescriptor<Q, A> method, Q question, String what, Attempts attempts)
      throws IOException {
    try (Throttle.Turn _ = connection.throttle().call();
        Call<Q, A> call = start(method, what)) {
      call.sendLast(question);
      return call.only(attempts.silence());
    }
  }

  /**
   * What the server can do. It is asked once for all who want to know it at the same time.
   *
   * @param what is to be done, with its digest, for messages
   * @throws RemoteException UNSUPPORTED when it does not know the digest function
   */
  RemoteCapabilities capabilities(String what) throws IOException {
    try {
      return capabilities();
    } catch (RemoteException e) {
      throw e.about(what);
    }
  }

  /** What the server can do, for somebody who wants to know no more than that. */
  RemoteCapabilities capabilities() throws IOException {
    return connection.capabilities(this::learnCapabilities);
  }

  private RemoteCapabilities learnCapabilities() throws IOException {
    RemoteCapabilities learnt = checked(askCapabilities());
    if (learnt.zstd() && connection.options().compress() && Zstandard.isMissing()) {
      LOGGER.warn("zstd does not work here, so blobs of {} come uncompressed", target());
      learnt = learnt.uncompressed();
    } else if (!connection.options().compress()) {
      learnt = learnt.uncompressed();
    }
    return learnt;
  }

  private RemoteCapabilities askCapabilities() throws IOException {
    String what = "asking what it can do";
    try {
      return RemoteCapabilities.of(
          ask(
                  CapabilitiesGrpc.getGetCapabilitiesMethod(),
                  GetCapabilitiesRequest.newBuilder().setInstanceName(target().instance()).build(),
                  what)
              .getCacheCapabilities());
    } catch (RemoteException e) {
      if (e.kind() != Kind.UNSUPPORTED) {
        throw e;
      }
      LOGGER.warn("{} does not say what it can do: taken for one with SHA-256 alone", target());
      return RemoteCapabilities.LEAST;
    }
  }

  private RemoteCapabilities checked(RemoteCapabilities capabilities) throws RemoteException {
    String wanted = functionValue().name();
    if (!capabilities.digestFunctions().contains(wanted)) {
      throw new RemoteException(
          Kind.UNSUPPORTED,
          false,
          target(),
          "digest function " + wanted,
          capabilities.digestFunctions().isEmpty()
              ? "the server names no digest function at all"
              : "the server has " + String.join(", ", capabilities.digestFunctions()),
          null);
    }
    return capabilities;
  }

  /**
   * The most bytes of a batch, overhead included.
   *
   * @param what is to be done, for messages
   */
  long batchBytes(String what) throws IOException {
    long offered = capabilities(what).maxBatchBytes();
    long wanted = connection.options().limits().batchBytes();
    return offered > 0 ? Math.min(offered, wanted) : wanted;
  }

  /** The digest function, as messages name it. */
  DigestFunction.Value functionValue() {
    return DigestFunction.Value.forNumber(connection.function().number());
  }
}
