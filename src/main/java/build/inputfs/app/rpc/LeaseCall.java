package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Closed;
import build.inputfs.app.daemon.ViewRegistry.HeldLease;
import build.inputfs.app.proto.LeaseState;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * A call that holds a lease: the lease ends when the call does. Thread-safe; one message at a time
 * goes to the client.
 */
final class LeaseCall {
  private final ServerCallStreamObserver<LeaseState> client;
  private @Nullable HeldLease lease;
  private boolean over;

  LeaseCall(ServerCallStreamObserver<LeaseState> client) {
    this.client = client;
    client.setOnCancelHandler(this::end);
  }

  /** Tells the client of its lease. Called once. */
  void begin(HeldLease held) {
    boolean late;
    synchronized (this) {
      late = over;
      lease = held;
      if (!late) {
        client.onNext(LeaseState.newBuilder().setLease(held.name()).build());
      }
    }
    if (late) {
      held.close();
    }
  }

  /** Tells of a view that the daemon closed by itself. */
  synchronized void closed(Closed closed) {
    HeldLease held = lease;
    if (held != null && !over) {
      client.onNext(
          LeaseState.newBuilder()
              .setLease(held.name())
              .setClosedView(closed.view().name())
              .setReason(closed.reason())
              .build());
    }
  }

  private void end() {
    HeldLease held;
    synchronized (this) {
      over = true;
      held = lease;
    }
    if (held != null) {
      held.close();
    }
  }
}
