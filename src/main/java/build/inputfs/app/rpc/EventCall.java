package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Caller;
import build.inputfs.app.daemon.Events;
import build.inputfs.app.daemon.Events.Subscription;
import build.inputfs.app.proto.Event;
import build.inputfs.app.proto.WatchEventsRequest;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A call that tells a client what happens. What the client does not take at once waits here, up to
 * a limit; past that events are lost, and counted. Thread-safe; its lock is held while a message is
 * handed to the transport, which does not wait.
 */
final class EventCall {
  private static final int MOST_WAITING = 1024;

  private final Caller caller;
  private final WatchEventsRequest request;
  private final ServerCallStreamObserver<Event> client;
  private final Deque<Event> waiting = new ArrayDeque<>();
  private long lost;
  private boolean over;
  private @Nullable Subscription subscription;

  EventCall(Caller caller, WatchEventsRequest request, ServerCallStreamObserver<Event> client) {
    this.caller = caller;
    this.request = request;
    this.client = client;
    client.setOnReadyHandler(this::send);
    client.setOnCancelHandler(this::end);
  }

  /** Tells of all that happens from now on. Called once. */
  void begin(Events events) {
    synchronized (this) {
      subscription = events.listen(this::add);
      waiting.add(
          Event.newBuilder()
              .setTime(Messages.timestamp(Instant.now()))
              .setReady(Event.Ready.getDefaultInstance())
              .build());
    }
    send();
  }

  private void add(build.inputfs.app.daemon.Event event) {
    boolean wanted =
        (caller.trusted() || caller.uid() == event.uid())
            && (request.getName().isEmpty() || request.getName().equals(event.view()))
            && (request.getLease().isEmpty() || request.getLease().equals(event.request().lease()));
    Event message = wanted ? Messages.event(event) : null;
    if (message == null) {
      return;
    }
    synchronized (this) {
      if (lost > 0 || waiting.size() >= MOST_WAITING) {
        lost++;
      } else {
        waiting.add(message);
      }
    }
    send();
  }

  private synchronized void send() {
    while (!over && client.isReady()) {
      Event next = waiting.poll();
      if (next == null && lost > 0) {
        next = Event.newBuilder().setTime(Messages.timestamp(Instant.now())).setLost(lost).build();
        lost = 0;
      }
      if (next == null) {
        return;
      }
      client.onNext(next);
    }
  }

  private void end() {
    Subscription listening;
    synchronized (this) {
      over = true;
      waiting.clear();
      listening = subscription;
    }
    if (listening != null) {
      listening.close();
    }
  }
}
