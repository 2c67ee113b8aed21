package build.inputfs.app.rpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Has what may wait done by other threads than the one that waits for the sockets, and all else by
 * that one: to hand each step of a call over takes more than most of the steps. Thread-safe.
 *
 * <p>A call is handed over when its one request is there, and again when its client has gone. Calls
 * whose clients send more than one message stay where they are, and must not wait.
 */
final class HandOver implements ServerInterceptor {
  private final Executor workers;
  private final Object rest = new Object();
  private int busy; // guarded by rest

  HandOver(Executor workers) {
    this.workers = workers;
  }

  /** Waits until nobody works at a call, so that all that were made by now are answered. */
  void awaitRest(Duration most) throws InterruptedException {
    long end = System.nanoTime() + most.toNanos();
    synchronized (rest) {
      for (long left = most.toMillis(); busy > 0 && left > 0; ) {
        rest.wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      }
    }
  }

  private void count(int more) {
    synchronized (rest) {
      busy += more;
      rest.notifyAll();
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    ServerCall.Listener<Q> listener = next.startCall(call, headers);
    return call.getMethodDescriptor().getType().clientSendsOneMessage()
        ? new Handed<>(call, listener)
        : listener;
  }

  /** One call. What is handed over is done one after the other. */
  private final class Handed<Q, A> extends SimpleForwardingServerCallListener<Q> {
    private final ServerCall<Q, A> call;
    private boolean working; // as below, guarded by this
    private boolean cancelled;

    Handed(ServerCall<Q, A> call, ServerCall.Listener<Q> listener) {
      super(listener);
      this.call = call;
    }

    @Override
    public void onHalfClose() {
      synchronized (this) {
        working = true;
      }
      count(1);
      workers.execute(this::work);
    }

    private void work() {
      try {
        super.onHalfClose();
      } catch (RuntimeException | Error e) {
        call.close(Status.INTERNAL.withDescription("the daemon failed: " + e), new Metadata());
        throw e;
      } finally {
        count(-1);
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
