package build.inputfs.app.rpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.Executor;

/**
 * Has what may wait done by other threads than the one that waits for the sockets, and all else by
 * that one: to hand each step of a call over takes more than most of the steps. Thread-safe.
 *
 * <p>A call is handed over when its one request is there, and again when its client has gone. Calls
 * whose clients send more than one message stay where they are, and must not wait.
 */
final class HandOver implements ServerInterceptor {
  private final Executor workers;

  HandOver(Executor workers) {
    this.workers = workers;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    ServerCall.Listener<Q> listener = next.startCall(call, headers);
    return call.getMethodDescriptor().getType().clientSendsOneMessage()
        ? new Handed<>(workers, call, listener)
        : listener;
  }

  /** One call. What is handed over is done one after the other. */
  private static final class Handed<Q, A> extends SimpleForwardingServerCallListener<Q> {
    private final Executor workers;
    private final ServerCall<Q, A> call;
    private boolean working; // as below, guarded by this
    private boolean cancelled;

    Handed(Executor workers, ServerCall<Q, A> call, ServerCall.Listener<Q> listener) {
      super(listener);
      this.workers = workers;
      this.call = call;
    }

    @Override
    public void onHalfClose() {
      synchronized (this) {
        working = true;
      }
      workers.execute(this::work);
    }

    private void work() {
      try {
        super.onHalfClose();
      } catch (RuntimeException | Error e) {
        call.close(Status.INTERNAL.withDescription("the daemon failed: " + e), new Metadata());
        throw e;
      } finally {
        if (hasWorked()) {
          super.onCancel();
        }
      }
    }

    private synchronized boolean hasWorked() {
      working = false;
      return cancelled;
    }

    /** The client has gone: who works for it is told afterwards. */
    @Override
    public void onCancel() {
      synchronized (this) {
        cancelled = true;
        if (working) {
          return;
        }
      }
      workers.execute(super::onCancel);
    }

    @Override
    public void onReady() {
      if (call.getMethodDescriptor().getType() != MethodType.UNARY) {
        super.onReady(); // one answer does not wait for room
      }
    }
  }
}
