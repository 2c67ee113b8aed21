package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Closed;
import build.inputfs.app.daemon.ViewRegistry.HeldLease;
import build.inputfs.app.proto.LeaseState;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call that holds a lease: the lease ends when the call does. Thread-safe; one message at a time
 * goes to the client.
 */
final class LeaseCall {
  private static final Logger log = LoggerFactory.getLogger(LeaseCall.class);

  private final ServerCallStreamObserver<LeaseState> client;
  private final String description;
  private @Nullable HeldLease lease;
  private boolean over;

  /**
   * @param description who holds it, as the client says
   */
  LeaseCall(ServerCallStreamObserver<LeaseState> client, String description) {
    this.client = client;
    this.description = description;
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
    tell("lease begun", held);
    if (late) {
      held.close();
      tell("lease ended", held);
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
      tell("lease ended", held);
    }
  }

  private void tell(String what, HeldLease held) {
    log.atInfo()
        .addKeyValue("lease", held.name())
        .addKeyValue("description", description)
        .log(what);
  }
}
