package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Caller;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Turns away who may not come in, and tells the services who calls. Thread-safe. */
final class Clients implements ServerInterceptor {
  private static final Context.Key<Caller> CALLER = Context.key("caller");

  private final @Nullable Caller all;

  /**
   * @param all who everybody is taken for, where the connection itself has let in the right ones
   *     alone; null where {@link Peer} says who it is
   */
  Clients(@Nullable Caller all) {
    this.all = all;
  }

  /** Who makes the call that this thread serves. */
  static Caller current() {
    return Objects.requireNonNull(CALLER.get(), "nobody was let in");
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Caller caller = all != null ? all : call.getAttributes().get(Peer.CALLER);
    if (caller == null) {
      call.close(
          Status.PERMISSION_DENIED.withDescription(
              "this daemon serves root, its own user, and the group that it was started with"),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return Contexts.interceptCall(Context.current().withValue(CALLER, caller), call, headers, next);
  }
}
